using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Chat;

/// <summary>Reads lines, runs turns and slash commands until the input ends or <c>/quit</c>. Ctrl+C ends an answer, not the program.</summary>
public sealed class ChatLoop(Sessions.SessionsClient sessions, Models.ModelsClient models, ChatSettings settings, TextReader input, TextWriter output)
{
    private readonly TurnPrinter _printer = new(output);
    private bool _useTemplate;

    private string SessionId { get; set; } = "";

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string model, string? resume, CancellationToken cancellationToken)
    {
        if (resume is null)
        {
            var session = await sessions.CreateAsync(new CreateSessionRequest { Model = model }, cancellationToken: cancellationToken);
            await EnterAsync(session, cancellationToken);
        }
        else
        {
            await ResumeSessionAsync(resume, cancellationToken);
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            await output.WriteAsync("\n> ");
            await output.FlushAsync(cancellationToken);
            var line = await input.ReadLineAsync(cancellationToken);
            if (line is null || line.Trim() is "/quit" or "/exit")
            {
                await output.WriteLineAsync($"\nsession {SessionId} stays; go on with: ./orleanslm chat --resume {SessionId}");
                return 0;
            }

            await AnswerAsync(line, cancellationToken);
        }

        return 0;
    }

    private async Task AnswerAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            if (line.StartsWith('/'))
            {
                await RunSlashAsync(line, cancellationToken);
            }
            else if (line.Length > 0)
            {
                await SayAsync(line, cancellationToken);
            }
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.Unavailable)
        {
            await output.WriteLineAsync($"[{error.StatusCode}] {error.Status.Detail}");
        }
    }

    private Task SayAsync(string text, CancellationToken cancellationToken)
    {
        var request = new GenerateRequest { SessionId = SessionId, Input = ToInput(text), Sampling = settings.Sampling, Stop = settings.Stop };
        return RunTurnAsync(turn => token => turn.GenerateAsync(request, token), cancellationToken);
    }

    private Input ToInput(string text)
    {
        if (!_useTemplate)
        {
            return new Input { Text = text };
        }

        var chat = new ChatMessages { Template = settings.Template ?? "" };
        chat.Messages.Add(new ChatMessage { Role = "user", Content = text });
        return new Input { Chat = chat };
    }

    private async Task RunTurnAsync(Func<ResilientTurn, Func<CancellationToken, IAsyncEnumerable<TurnEvent>>> start, CancellationToken cancellationToken)
    {
        var turn = new ResilientTurn(sessions, SessionId) { ConnectionLost = _printer.ConnectionLost };
        ConsoleCancelEventHandler onCancel = (_, pressed) =>
        {
            pressed.Cancel = true;
            _ = sessions.CancelAsync(new CancelRequest { SessionId = SessionId }, cancellationToken: CancellationToken.None);
        };
        Console.CancelKeyPress += onCancel;
        try
        {
            await _printer.PrintAsync(start(turn)(cancellationToken));
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }
    }

    private async Task EnterAsync(Session session, CancellationToken cancellationToken)
    {
        SessionId = session.SessionId;
        var model = await models.GetAsync(new GetModelRequest { Model = session.Model }, cancellationToken: cancellationToken);
        _useTemplate = settings.Template is { } name ? name != "none" : model.ChatTemplate.Length > 0;
        await output.WriteLineAsync($"session {session.SessionId}, model {session.Model}, {session.Length} tokens; /help for commands");
    }

    private async Task ResumeSessionAsync(string id, CancellationToken cancellationToken)
    {
        var session = await sessions.GetAsync(new GetSessionRequest { SessionId = id }, cancellationToken: cancellationToken);
        await EnterAsync(session, cancellationToken);
        if (session.ActiveTurnId.Length == 0)
        {
            await ShowTailAsync(session.Length, cancellationToken);
            return;
        }

        await output.WriteLineAsync("an answer was under way; here it is from its beginning:");
        await RunTurnAsync(turn => token => turn.ResumeAsync(session.ActiveTurnId, 0, token), cancellationToken);
    }

    private async Task ShowTailAsync(long length, CancellationToken cancellationToken)
    {
        if (length > 0)
        {
            var history = await sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = SessionId, Start = Math.Max(0, length - 200) }, cancellationToken: cancellationToken);
            await output.WriteLineAsync($"… {history.Text}");
        }
    }

    private async Task RunSlashAsync(string line, CancellationToken cancellationToken)
    {
        var parts = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var argument = parts.Length > 1 ? parts[1] : "";
        switch (parts[0])
        {
            case "/fork":
                await ForkAsync(argument, cancellationToken);
                break;
            case "/rollback":
                await RollbackAsync(argument, cancellationToken);
                break;
            case "/checkpoint":
                await sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = SessionId, Name = argument }, cancellationToken: cancellationToken);
                await output.WriteLineAsync($"checkpoint '{argument}' stands here");
                break;
            case "/sessions":
                await ListAsync(cancellationToken);
                break;
            case "/resume":
                await ResumeSessionAsync(argument.Length > 0 ? argument : SessionId, cancellationToken);
                break;
            case "/file":
                await SayAsync(await File.ReadAllTextAsync(argument, cancellationToken), cancellationToken);
                break;
            case "/more":
                var request = new GenerateRequest { SessionId = SessionId, Sampling = settings.Sampling, Stop = settings.Stop };
                await RunTurnAsync(turn => token => turn.GenerateAsync(request, token), cancellationToken);
                break;
            case "/history":
                var history = await sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = SessionId }, cancellationToken: cancellationToken);
                await output.WriteLineAsync(history.Text);
                break;
            case "/help":
                await output.WriteLineAsync(Help);
                break;
            default:
                await output.WriteLineAsync($"unknown command {parts[0]}; /help lists them");
                break;
        }
    }

    private async Task ForkAsync(string argument, CancellationToken cancellationToken)
    {
        var request = new ForkRequest { SessionId = SessionId };
        if (long.TryParse(argument, out var position))
        {
            request.Position = position;
        }
        else if (argument.Length > 0)
        {
            request.Checkpoint = argument;
        }

        var child = await sessions.ForkAsync(request, cancellationToken: cancellationToken);
        await output.WriteLineAsync($"forked {SessionId} at {child.Length}");
        await EnterAsync(child, cancellationToken);
    }

    private async Task RollbackAsync(string argument, CancellationToken cancellationToken)
    {
        var request = new RollbackRequest { SessionId = SessionId };
        if (long.TryParse(argument, out var position))
        {
            request.Position = position;
        }
        else
        {
            request.Checkpoint = argument;
        }

        var session = await sessions.RollbackAsync(request, cancellationToken: cancellationToken);
        await output.WriteLineAsync($"rolled back to {session.Length} tokens");
        await ShowTailAsync(session.Length, cancellationToken);
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var page = await sessions.ListAsync(new ListSessionsRequest { PageSize = 20 }, cancellationToken: cancellationToken);
        foreach (var session in page.Sessions)
        {
            var mark = session.SessionId == SessionId ? '*' : ' ';
            var state = session.ActiveTurnId.Length > 0 ? "  answering" : "";
            await output.WriteLineAsync($"{mark} {session.SessionId}  {session.Model}  {session.Length} tokens  {session.UpdateTime.ToDateTime():yyyy-MM-dd HH:mm:ss}{state}");
        }
    }

    private const string Help = """
        TEXT                 add the text and let the model answer (Ctrl+C ends an answer)
        /more                let the model go on
        /file PATH           add a file's text and let the model answer
        /fork [POS|NAME]     go on in a copy of this session, up to a position or checkpoint
        /rollback POS|NAME   forget everything from a position (negative: from the end) or checkpoint on
        /checkpoint NAME     name this position
        /sessions            list sessions
        /resume [ID]         switch to another session, or go on with an interrupted answer
        /history             the whole text of this session
        /quit                leave; the session stays
        """;
}
