using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Archive;

/// <summary><c>session</c>: a session of a running server as a whole: to a file, from a file, to sleep.</summary>
internal static class SessionCommand
{
    private const int PieceBytes = 2 << 20;

    public static Command Create() => new("session", "Export, import or put to sleep a session of a running server") { Export(), Import(), Sleep() };

    private static Command Export()
    {
        var (server, id) = (ServerAddress.Option(), Id());
        var file = new Argument<string>("FILE") { Description = "File for the archive" };
        var tokensOnly = new Option<bool>("--without-state") { Description = "Tokens only; the state is computed where it is imported" };
        var command = new Command("export", "Write a session to a file: tokens, checkpoints, defaults and computed state") { id, file, server, tokensOnly };
        command.SetAction((parsed, stop) => CallAsync(parsed.GetValue(server)!, async sessions =>
        {
            var path = parsed.GetRequiredValue(file);
            var bytes = await ExportAsync(sessions, new ExportSessionRequest { SessionId = parsed.GetRequiredValue(id), WithoutState = parsed.GetValue(tokensOnly) }, path, stop);
            await Console.Out.WriteLineAsync($"{path}: {bytes} bytes");
        }));
        return command;
    }

    private static Command Import()
    {
        var server = ServerAddress.Option();
        var file = new Argument<string>("FILE") { Description = "An archive that 'session export' wrote" };
        var id = new Option<string>("--id") { Description = "Id of the new session (default: made by the server)", DefaultValueFactory = _ => "" };
        var model = new Option<string>("--model") { Description = "Model to go on with (default: the one that the archive names)", DefaultValueFactory = _ => "" };
        var command = new Command("import", "Make a session out of an archive") { file, server, id, model };
        command.SetAction((parsed, stop) => CallAsync(parsed.GetValue(server)!, async sessions =>
        {
            var session = await ImportAsync(sessions, new ImportSessionRequest { SessionId = parsed.GetValue(id)!, Model = parsed.GetValue(model)! }, parsed.GetRequiredValue(file), stop);
            await Console.Out.WriteLineAsync($"{session.SessionId}: {session.Length} tokens, {session.ComputedLength} of them computed");
        }));
        return command;
    }

    private static Command Sleep()
    {
        var (server, id) = (ServerAddress.Option(), Id());
        var command = new Command("sleep", "Move a session's state from memory to a snapshot on the server's disk") { id, server };
        command.SetAction((parsed, stop) => CallAsync(parsed.GetValue(server)!, async sessions =>
        {
            var session = await sessions.SleepAsync(new SleepSessionRequest { SessionId = parsed.GetRequiredValue(id) }, cancellationToken: stop);
            await Console.Out.WriteLineAsync($"{session.SessionId}: asleep with {session.Length} tokens, the state of {session.SnapshotLength} on disk");
        }));
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "The session" };

    private static async Task<long> ExportAsync(Sessions.SessionsClient sessions, ExportSessionRequest request, string path, CancellationToken stop)
    {
        var draft = path + ".draft";
        long bytes;
        await using (var file = File.Create(draft))
        {
            using var call = sessions.Export(request, cancellationToken: stop);
            await foreach (var piece in call.ResponseStream.ReadAllAsync(stop))
            {
                await file.WriteAsync(piece.Data.Memory, stop);
            }

            bytes = file.Length;
        }

        File.Move(draft, path, overwrite: true);
        return bytes;
    }

    private static async Task<Session> ImportAsync(Sessions.SessionsClient sessions, ImportSessionRequest first, string path, CancellationToken stop)
    {
        await using var file = File.OpenRead(path);
        using var call = sessions.Import(cancellationToken: stop);
        var buffer = new byte[PieceBytes];
        var message = first;
        for (int read; (read = await file.ReadAtLeastAsync(buffer, PieceBytes, throwOnEndOfStream: false, stop)) > 0 || message == first; message = new ImportSessionRequest())
        {
            message.Data = ByteString.CopyFrom(buffer, 0, read);
            await call.RequestStream.WriteAsync(message, stop);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    private static async Task<int> CallAsync(Uri[] server, Func<Sessions.SessionsClient, Task> call)
    {
        using var channel = ServerAddress.Connect(server);
        try
        {
            await call(new Sessions.SessionsClient(channel));
            return 0;
        }
        catch (RpcException error)
        {
            await Console.Error.WriteLineAsync($"orleanslm session: {error.Status.Detail}");
            return 1;
        }
        catch (IOException error)
        {
            await Console.Error.WriteLineAsync($"orleanslm session: {error.Message}");
            return 1;
        }
    }
}
