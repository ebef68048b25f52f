using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace OrleansLM.Hosting.Nodes;

/// <summary>Runs a node until it is told to stop. What is wrong with its settings or surroundings is told in one line.</summary>
public static class NodeProgram
{
    /// <returns>The process's exit code: 0 after an orderly stop, 1 when it could not start or had to end.</returns>
    public static async Task<int> RunAsync(string name, Func<WebApplication> build, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = build();
            await app.StartAsync(cancellationToken);
            await Console.Out.WriteLineAsync($"{name} listening on {AddressOf(app).AbsoluteUri.TrimEnd('/')}");
            await Console.Out.FlushAsync(cancellationToken);
            await app.WaitForShutdownAsync(cancellationToken);
            return Environment.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // Told to stop, or given up by the cluster, before it served.
            await Console.Error.WriteLineAsync($"orleanslm {name}: stopped before it served");
            return Environment.ExitCode;
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"orleanslm {name}: {(error is OptionsValidationException options ? string.Join("; ", options.Failures) : error.Message)}");
            return 1;
        }
    }

    private static Uri AddressOf(WebApplication app) => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
}
