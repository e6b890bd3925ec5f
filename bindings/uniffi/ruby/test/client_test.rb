# frozen_string_literal: true

require 'minitest/autorun'
require 'nacre_client'
require 'open3'
require 'rbconfig'
require 'timeout'
require_relative 'harness'

# The client against a server of the harness.
class ClientTest < Minitest::Test
  HARNESS = Harness.new
  ADDRESS = HARNESS.ask('shared', 'server.start')['address']
  Minitest.after_run { HARNESS.close }

  def setup
    @scope = "ruby-#{object_id}"
    @clients = []
  end

  def teardown
    @clients.each(&:shut_down)
    HARNESS.ask(@scope, 'scope.end')
  end

  def client(servers = [ADDRESS], **options)
    Nacre.connect(servers: servers, **options).tap { |client| @clients << client }
  end

  def unique(name)
    "#{name}-#{Process.pid}-#{object_id}"
  end

  # The first value that the block accepts.
  def first(watch)
    limit = Time.now + 20
    loop do
      value = watch.take_within(limit - Time.now)
      return value if yield(value)
    end
  end

  def test_a_config_is_published_read_and_removed
    config = client.config
    id = unique('config')
    assert_nil config.get(id)
    config.publish(id, 'a: 1', 'DEFAULT_GROUP', Nacre::PublishOptions.new(config_type: 'yaml'))
    value = config.get(id)
    assert_equal ['a: 1', 'yaml', Nacre::ConfigSource::SERVER], [value.content, value.config_type, value.source]
    config.publish_cas(id, 'a: 2', value.md5)
    failure = assert_raises(Nacre::NacreError::Conflict) { config.publish_cas(id, 'a: 3', value.md5) }
    assert_equal [:conflict, false], [failure.kind, failure.retryable?]
    config.remove(id)
    assert_nil config.get(id)
  end

  def test_a_watch_of_a_config_gives_each_newest_value
    config = client.config
    id = unique('watched')
    watch = config.watch(id)
    assert_nil first(watch) { true }.value
    config.publish(id, 'v1')
    assert_equal('v1', first(watch) { |change| change.value&.content == 'v1' }.value.content)
    timed_out = assert_raises(Nacre::NacreError::Timeout) { watch.take_within(0.05) }
    assert_kind_of Nacre::NacreError, timed_out
    watch.cancel
    assert_nil watch.take_within(20)
    assert_equal [], watch.to_a
  end

  def test_instances_are_registered_watched_and_chosen
    naming = client.naming
    service = unique('service')
    watch = naming.watch(service)
    seen = Queue.new
    thread = watch.listen { |change| change.added.each { |instance| seen << instance.ip } }
    naming.register(service, Nacre::Instance.new(ip: '10.0.0.1', port: 80, metadata: { 'zone' => 'a' }))
    assert_equal '10.0.0.1', seen.pop
    naming.register_batch(service, [1, 2].map { |n| Nacre::Instance.new(ip: "10.0.0.#{n}", port: 80) })
    assert_equal '10.0.0.2', seen.pop
    chosen = (1..4).map { naming.select_one(service, 'DEFAULT_GROUP', [], Nacre::BalancerKind::ROUND_ROBIN).ip }
    assert_equal %w[10.0.0.1 10.0.0.2], chosen.uniq.sort
    watch.cancel
    assert thread.join(20), 'the thread of a listener ends with its watch'
  end

  def test_wrong_values_are_refused
    naming = client.naming
    wrong = Nacre::Instance.new(ip: '10.0.0.1', port: 70_000)
    failure = assert_raises(Nacre::NacreError::InvalidParameter) { naming.register('s', wrong) }
    assert_match(/70000/, failure.reason)
    assert_raises(TypeError) { naming.register('s', 'no instance') }
    assert_raises(Nacre::NacreError::InvalidParameter) { Nacre.open(username: 'nacre') }
  end

  def test_a_client_that_was_shut_down_fails_as_closed
    closed = client
    config = closed.config
    watch = config.watch(unique('closed'))
    2.times { closed.shut_down }
    assert_raises(Nacre::NacreError::Closed) { config.get('d') }
    assert_empty(watch.to_a.compact.select(&:value))
    closed.reopen
    closed.ready(Nacre.duration(20))
    assert_nil closed.config.get(unique('reopened'))
  end

  def test_without_a_server_the_snapshot_is_given
    server = HARNESS.ask(@scope, 'server.start')['address']
    directory = HARNESS.ask(@scope, 'scope.begin')['dir']
    before = client([server], directory: directory)
    before.config.publish('d', 'kept')
    assert_equal 'kept', before.config.get('d').content
    before.shut_down
    HARNESS.ask(@scope, 'server.kill')
    assert_raises(Nacre::NacreError::Unreachable) { Nacre.connect(limit: 0.3, servers: [server]) }
    later = Nacre.open(servers: [server], directory: directory, request_timeout: 0.5).tap { |one| @clients << one }
    value = later.config.get('d')
    assert_equal ['kept', Nacre::ConfigSource::SNAPSHOT], [value.content, value.source]
  end

  def test_other_threads_run_while_one_waits
    watch = client.config.watch(unique('idle'))
    first(watch) { true }
    counted = 0
    waiting = Thread.new { watch.take_within(20) }
    counted += 1 while counted < 100_000 && waiting.alive?
    assert_equal 100_000, counted
    watch.cancel
    assert waiting.join(20)
  end

  def test_calls_of_many_threads_and_a_bounded_memory
    config = client.config
    id = unique('many')
    config.publish(id, 'x' * 1000)
    read = ->(times) { Array.new(4) { Thread.new { times.times { config.get(id) } } }.each(&:join) }
    read.call(250)
    GC.start
    before = resident
    read.call(2000)
    GC.start
    grown = resident - before
    assert_operator grown, :<, 64 * 1024, "#{grown} KiB more after 8,000 calls"
  end

  def resident
    File.read('/proc/self/status')[/VmRSS:\s+(\d+)/, 1].to_i
  end

  def test_the_process_ends_with_clients_open
    program = <<~RUBY
      require 'nacre_client'
      client = Nacre.connect(servers: ['#{ADDRESS}'])
      watch = client.config.watch('ends')
      watch.listen { |_| }
      client.naming.register('ends', Nacre::Instance.new(ip: '10.0.0.9', port: 1))
      puts 'done'
    RUBY
    3.times do
      output, status = Timeout.timeout(30) do
        Open3.capture2e(RbConfig.ruby, *$LOAD_PATH.flat_map { |path| ['-I', path] }, '-e', program)
      end
      assert_equal [true, "done\n"], [status.success?, output]
    end
  end
end
