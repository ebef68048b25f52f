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
    public async Task Version_is_told()
    {
        var run = await CommandRun.OfAsync(CommandLine.Create(), "--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+", run.Output);
    }
}
