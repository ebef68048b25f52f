using Spectre.Console;

namespace OrleansLM.Cli.Perplexity;

/// <summary>A progress bar on the error stream, where that is a terminal.</summary>
internal static class PerplexityProgress
{
    /// <param name="title">What is measured.</param>
    /// <param name="total">Tokens to compute.</param>
    /// <param name="run">Does it, and says how many tokens are done.</param>
    public static async Task<T> RunAsync<T>(string title, double total, Func<Action<int>, Task<T>> run)
    {
        if (Console.IsErrorRedirected)
        {
            return await run(_ => { }).ConfigureAwait(false);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(title, maxValue: total);
                return await run(tokens => task.Increment(tokens)).ConfigureAwait(false);
            }).ConfigureAwait(false);
    }
}
