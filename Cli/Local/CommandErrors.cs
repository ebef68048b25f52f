using System.CommandLine;
using OrleansLM.Engine.Backends.Cuda.Native;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cli.Local;

/// <summary>What a user can do something about becomes one line on the error stream and a non-zero exit code; defects stay visible.</summary>
internal static class CommandErrors
{
    /// <summary>The shell's convention for a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    public static async Task<int> GuardAsync(ParseResult arguments, Func<Task> run)
    {
        try
        {
            await run().ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception error) when (IsUsers(error))
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"{arguments.CommandResult.Command.Name}: {error.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static bool IsUsers(Exception error)
        => error is CheckpointException or EngineException or CudaUnavailableException or IOException or UnauthorizedAccessException or OutOfMemoryException
            || error.GetType() == typeof(ArgumentException);
}
