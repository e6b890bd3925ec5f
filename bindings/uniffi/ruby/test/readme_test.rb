# frozen_string_literal: true

require_relative 'client_test'

# The example of the README runs.
class ReadmeTest < Minitest::Test
  def test_the_example_says_what_it_finds
    readme = File.read(File.join(__dir__, '..', 'README.md'))
    example = readme[/```ruby\n(.*?)```/m, 1].sub('SERVER', ClientTest::ADDRESS.inspect)
    output, = capture_io { eval(example, TOPLEVEL_BINDING.dup) } # rubocop:disable Security/Eval
    assert_equal ['orders at 10.0.0.1', 'settings are limit: 10'], output.lines(chomp: true)
  end
end
