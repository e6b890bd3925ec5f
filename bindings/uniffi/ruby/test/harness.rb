# frozen_string_literal: true

require 'json'

# The process `nacre-harness serve`, which starts servers; tests/cases/README.md lists what it can do.
class Harness
  def initialize(program = ENV.fetch('NACRE_HARNESS'))
    @pipe = IO.popen([program, 'serve'], 'r+')
    @last = 0
    raise 'the harness is of another version' unless JSON.parse(@pipe.gets).dig('ready', 'protocol') == 1
  end

  def ask(scope, operation, **args)
    @last += 1
    @pipe.puts(JSON.generate(id: @last, scope: scope, do: operation, args: args))
    answer = JSON.parse(@pipe.gets)
    raise answer['error'] if answer['error']

    answer['value']
  end

  def close
    @pipe.close
  end
end
