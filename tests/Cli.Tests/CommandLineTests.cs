using System.CommandLine;

namespace OrleansLM.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands() => new(CommandLine.Create().Subcommands.Select(command => command.Name));

    [Fact]
    public async Task Help_names_the_program_as_users_call_it()
    {
        var run = await CommandRun.OfAsync(CommandLine.Create(), "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("orleanslm [command] [options]", run.Output);
        Assert.DoesNotContain("OrleansLM.Cli", run.Output);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Each_command_has_help_of_its_own(string command)
    {
        var run = await CommandRun.OfAsync(CommandLine.Create(), command, "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"orleanslm {command}", run.Output);
    }

    [Theory]
    [InlineData("fly")]
    [InlineData("up", "--no-such-option")]
    [InlineData("up", "--listen", "nowhere")]
    [InlineData("inspect")]
    public async Task What_is_not_understood_ends_with_an_error(params string[] arguments)
    {
        var run = await CommandRun.OfAsync(CommandLine.Create(), arguments);
        Assert.NotEqual(0, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public void Each_option_of_each_command_can_read_what_it_is_of()
    {
        var addresses = All(CommandLine.Create()).SelectMany(command => command.Options.Select(option => (command, option)))
            .Where(pair => pair.option.ValueType == typeof(Uri) || pair.option.ValueType == typeof(Uri[])).ToList();
        Assert.Contains(addresses, pair => pair.command.Name == "serve");
        Assert.All(addresses, pair =>
        {
            var parsed = pair.command.Parse([pair.option.Name, "http://127.0.0.1:5191"]).GetResult(pair.option)!;
            var address = pair.option.ValueType == typeof(Uri) ? parsed.GetValueOrDefault<Uri>() : Assert.Single(parsed.GetValueOrDefault<Uri[]>());
            Assert.Equal(5191, address.Port);
        });
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    [Fact]
    public async Task Version_is_told()
    {
        var run = await CommandRun.OfAsync(CommandLine.Create(), "--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+", run.Output);
    }
}
