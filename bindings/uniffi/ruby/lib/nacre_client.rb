# frozen_string_literal: true

# Client of Nacre. What is generated blocks until it is done; this adds keyword options, watches that can be
# enumerated, times in seconds, and one module for all failures.
require 'io/wait' # the generated file needs it and does not say so
require 'rbconfig'

# The shared library: named by the environment, else beside this file.
NACRE_LIBRARY = ENV.fetch('NACRE_LIBRARY') do
  File.join(__dir__, "libnacre_uniffi.#{RbConfig::CONFIG['SOEXT']}")
end

require 'nacre'

module Nacre
  # All failures are one of its classes, and `rescue Nacre::NacreError` takes each of them.
  module NacreError
    constants.map { |name| const_get(name) }.grep(Class).each { |kind| kind.include(self) }

    # The kind, e.g. `:not_found`.
    def kind
      self.class.name.split('::').last.gsub(/(?<=[a-z])(?=[A-Z])/, '_').downcase.to_sym
    end

    # Whether the same call may succeed later.
    def retryable?
      retryable
    end
  end

  # A value of a wrong class is told before anything else is done with it.
  RustBuffer.singleton_methods.grep(/\Acheck_lower_Type/).each do |name|
    type = const_get(name[/Type(\w+)/, 1])
    record = type.is_a?(Class) && type.instance_method(:initialize).parameters.any? { |kind,| kind.start_with?('key') }
    next unless record

    check = RustBuffer.method(name)
    RustBuffer.define_singleton_method(name) do |value|
      raise TypeError, "expected #{type}, got #{value.inspect}" unless value.is_a?(type)

      check.call(value)
    end
  end

  # Options that are given in seconds.
  TIMES = %i[
    request_timeout keep_alive health_check_timeout naming_failover_refresh services_refresh config_failover_refresh
    full_sync
  ].freeze

  # What the generated code calls a duration, for a number of seconds.
  def self.duration(seconds)
    seconds && Time.at(seconds)
  end

  # A connected client of `options`, the members of ClientOptions; times are in seconds. With a block it is shut down at
  # the end of it.
  def self.connect(limit: 5, **options)
    client = open(**options)
    begin
      client.ready(duration(limit))
      block_given? ? yield(client) : client
    rescue NacreError
      client.shut_down
      raise
    ensure
      client.shut_down if block_given?
    end
  end

  # A client that connects when it can.
  def self.open(**options)
    TIMES.each { |name| options[name] = duration(options[name]) if options.key?(name) }
    Client.new(ClientOptions.new(**options))
  end

  # A watch gives its values one after the other until it is cancelled.
  module Values
    include Enumerable

    # Calls the block with each value, and ends when the watch was cancelled or its client was shut down.
    def each
      return enum_for unless block_given?

      while (value = self.next(nil))
        yield value
      end
    end

    # The next value; nil at the end. Fails as timed out after so many seconds.
    def take_within(seconds)
      self.next(Nacre.duration(seconds))
    end

    # Calls the block with each value in a thread of its own, and gives the thread.
    def listen(&block)
      Thread.new { each(&block) }
    end
  end

  [ServiceWatch, ServicesWatch, ServicePatternWatch, ConfigWatch, ConfigPatternWatch, EventWatch].each do |watch|
    watch.include(Values)
  end
end
