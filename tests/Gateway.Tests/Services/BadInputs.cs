using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Requests that must be refused, by name.</summary>
internal static class BadInputs
{
    private const StatusCode Invalid = StatusCode.InvalidArgument;

    public static IReadOnlyDictionary<string, BadInput> All { get; } =
        new[] { Names(), Creation(), Inputs(), SamplingSettings(), StopSettings(), Turns(), Edits(), OfModels(), OfTheCluster() }.SelectMany(group => group).ToDictionary();

    private static Dictionary<string, BadInput> Names() => new()
    {
        ["unknown session"] = BadInput.Unary(StatusCode.NotFound, "session_id", (server, _) => server.Sessions.GetAsync(new GetSessionRequest { SessionId = "nobody" })),
        ["no session id"] = BadInput.Unary(Invalid, "session_id", (server, _) => server.Sessions.GetAsync(new GetSessionRequest())),
        ["session id with a space"] = BadInput.Unary(Invalid, "session_id", (server, _) => server.Sessions.GetAsync(new GetSessionRequest { SessionId = "a b" })),
        ["session id with a line end"] = BadInput.Unary(Invalid, "session_id", (server, _) => server.Sessions.GetAsync(new GetSessionRequest { SessionId = "a\n" })),
        ["session id too long"] = BadInput.Unary(Invalid, "session_id", (server, _) => server.Sessions.GetAsync(new GetSessionRequest { SessionId = new string('a', 129) })),
        ["delete an unknown session"] = BadInput.Unary(StatusCode.NotFound, "session_id", (server, _) => server.Sessions.DeleteAsync(new DeleteSessionRequest { SessionId = "nobody" })),
        ["cancel in an unknown session"] = BadInput.Unary(StatusCode.NotFound, "session_id", (server, _) => server.Sessions.CancelAsync(new CancelRequest { SessionId = "nobody" })),
        ["generate in an unknown session"] = BadInput.Generate("session_id", request => request.SessionId = "nobody", StatusCode.NotFound),
        ["resume in an unknown session"] = BadInput.Stream(StatusCode.NotFound, "session_id", (server, _) => server.Sessions.Resume(new ResumeRequest { SessionId = "nobody" })),
        ["page size below"] = BadInput.Unary(Invalid, "page_size", (server, _) => server.Sessions.ListAsync(new ListSessionsRequest { PageSize = -1 })),
        ["page size above"] = BadInput.Unary(Invalid, "page_size", (server, _) => server.Sessions.ListAsync(new ListSessionsRequest { PageSize = 1001 })),
        ["page token"] = BadInput.Unary(Invalid, "page_token", (server, _) => server.Sessions.ListAsync(new ListSessionsRequest { PageToken = "AAAA" })),
    };

    private static Dictionary<string, BadInput> Creation() => new()
    {
        ["create: taken"] = BadInput.Create("session_id", request => request.SessionId = "taken", StatusCode.AlreadyExists),
        ["create: bad id"] = BadInput.Create("session_id", request => request.SessionId = "sl/ash"),
        ["create: unknown model"] = BadInput.Create("model", request => request.Model = "gpt", StatusCode.NotFound),
        ["create: ttl below a second"] = BadInput.Create("ttl", request => request.Ttl = new Duration { Nanos = 999_999_999 }),
        ["create: ttl negative"] = BadInput.Create("ttl", request => request.Ttl = new Duration { Seconds = -5 }),
        ["create: ttl of ages"] = BadInput.Create("ttl", request => request.Ttl = new Duration { Seconds = 315_576_000_000 }),
        ["create: ttl that is no duration"] = BadInput.Create("ttl", request => request.Ttl = new Duration { Seconds = long.MaxValue, Nanos = -1 }),
        ["create: tenant"] = BadInput.Create("tenant", request => request.Tenant = new string('t', 65)),
        ["create: metadata entries"] = BadInput.Create("metadata", request => request.Metadata.Add(Enumerable.Range(0, 33).ToDictionary(i => $"k{i}", _ => ""))),
        ["create: metadata key"] = BadInput.Create("metadata", request => request.Metadata[new string('k', 65)] = ""),
        ["create: metadata value"] = BadInput.Create("metadata[k]", request => request.Metadata["k"] = new string('v', 513)),
        ["create: sampling"] = BadInput.Create("sampling_defaults.top_p", request => request.SamplingDefaults = new SamplingParameters { TopP = 2 }),
        ["create: top_k beyond the vocabulary"] = BadInput.Create("sampling_defaults.top_k", request => request.SamplingDefaults = new SamplingParameters { TopK = 4097 }),
        ["create: stop"] = BadInput.Create("stop_defaults.max_tokens", request => request.StopDefaults = new StopConditions { MaxTokens = 0 }),
        ["create: stop id beyond the vocabulary"] = BadInput.Create("stop_defaults.stop_token_ids[0]", request => request.StopDefaults = new StopConditions { StopTokenIds = { 4096 } }),
    };

    private static Dictionary<string, BadInput> Inputs() => new()
    {
        ["append nothing"] = BadInput.Stream(Invalid, "input", (server, session) => server.Sessions.Append(new AppendRequest { SessionId = session })),
        ["append no ids"] = BadInput.Stream(Invalid, "input", (server, session) => server.Sessions.Append(new AppendRequest { SessionId = session, Input = new Input { Tokens = new TokenIds() } })),
        ["negative id"] = BadInput.Generate("input.tokens", request => request.Input = new Input { Tokens = new TokenIds { Ids = { 5, -1 } } }),
        ["id beyond the vocabulary"] = BadInput.Generate("input.tokens.ids[1]", request => request.Input = new Input { Tokens = new TokenIds { Ids = { 5, 4096 } } }),
        ["ids over the limit"] = BadInput.Generate("input.tokens", request => request.Input = new Input { Tokens = new TokenIds { Ids = { Enumerable.Repeat(5, 131_073) } } }),
        ["text over the limit in characters"] = BadInput.Generate("input.text", request => request.Input = new Input { Text = new string('x', (131_072 * 8) + 1) }),
        ["text over the limit in tokens"] = BadInput.Generate("input", request => request.Input = new Input { Text = new string('\u4e00', 60_000) }),
        ["chat without messages"] = BadInput.Generate("input.chat.messages", request => request.Input = new Input { Chat = new ChatMessages() }),
        ["chat role"] = BadInput.Generate("input.chat.messages[0].role", request => request.Input = Chat("robot", "")),
        ["chat without a template"] = BadInput.Generate("input.chat.template", request => request.Input = Chat("user", ""), StatusCode.FailedPrecondition),
        ["chat with an unknown template"] = BadInput.Generate("input.chat.template", request => request.Input = Chat("user", "vicuna")),
    };

    private static Dictionary<string, BadInput> SamplingSettings() => new()
    {
        ["temperature negative"] = BadInput.Sampling("temperature", sampling => sampling.Temperature = -0.1f),
        ["temperature above"] = BadInput.Sampling("temperature", sampling => sampling.Temperature = 100.1f),
        ["temperature NaN"] = BadInput.Sampling("temperature", sampling => sampling.Temperature = float.NaN),
        ["temperature infinite"] = BadInput.Sampling("temperature", sampling => sampling.Temperature = float.PositiveInfinity),
        ["top_k negative"] = BadInput.Sampling("top_k", sampling => sampling.TopK = -1),
        ["top_k beyond the vocabulary"] = BadInput.Sampling("top_k", sampling => sampling.TopK = 4097),
        ["top_p zero"] = BadInput.Sampling("top_p", sampling => sampling.TopP = 0),
        ["top_p NaN"] = BadInput.Sampling("top_p", sampling => sampling.TopP = float.NaN),
        ["min_p above"] = BadInput.Sampling("min_p", sampling => sampling.MinP = 1.01f),
        ["repetition_penalty zero"] = BadInput.Sampling("repetition_penalty", sampling => sampling.RepetitionPenalty = 0),
        ["repetition_penalty infinite"] = BadInput.Sampling("repetition_penalty", sampling => sampling.RepetitionPenalty = float.PositiveInfinity),
        ["presence_penalty"] = BadInput.Sampling("presence_penalty", sampling => sampling.PresencePenalty = -2.1f),
        ["frequency_penalty"] = BadInput.Sampling("frequency_penalty", sampling => sampling.FrequencyPenalty = 2.1f),
        ["log_probs"] = BadInput.Sampling("log_probs", sampling => sampling.LogProbs = 21),
        ["bias of a negative id"] = BadInput.Sampling("logit_bias", sampling => sampling.LogitBias[-1] = 1),
        ["bias of an id beyond the vocabulary"] = BadInput.Sampling("logit_bias[4096]", sampling => sampling.LogitBias[4096] = 1),
        ["bias NaN"] = BadInput.Sampling("logit_bias[7]", sampling => sampling.LogitBias[7] = float.NaN),
        ["bias entries"] = BadInput.Sampling("logit_bias", sampling => sampling.LogitBias.Add(Enumerable.Range(0, 1025).ToDictionary(id => id, _ => 1f))),
    };

    private static Dictionary<string, BadInput> StopSettings() => new()
    {
        ["max_tokens zero"] = BadInput.Stop("max_tokens", stop => stop.MaxTokens = 0),
        ["max_tokens negative"] = BadInput.Stop("max_tokens", stop => stop.MaxTokens = -3),
        ["stop texts"] = BadInput.Stop("stop", stop => stop.Stop.Add(Enumerable.Repeat("x", 17))),
        ["stop text empty"] = BadInput.Stop("stop[1]", stop => stop.Stop.Add(["x", ""])),
        ["stop text too long"] = BadInput.Stop("stop[0]", stop => stop.Stop.Add(new string('x', 257))),
        ["stop ids"] = BadInput.Stop("stop_token_ids", stop => stop.StopTokenIds.Add(Enumerable.Repeat(5, 65))),
        ["stop id negative"] = BadInput.Stop("stop_token_ids", stop => stop.StopTokenIds.Add(-1)),
        ["stop id beyond the vocabulary"] = BadInput.Stop("stop_token_ids[0]", stop => stop.StopTokenIds.Add(4096)),
    };

    private static Dictionary<string, BadInput> Turns() => new()
    {
        ["idempotency key"] = BadInput.Generate("idempotency_key", request => request.IdempotencyKey = new string('k', 129)),
        ["prompt_log_probs"] = BadInput.Generate("prompt_log_probs", request => request.PromptLogProbs = 21),
        ["expected_length negative"] = BadInput.Generate("expected_length", request => request.ExpectedLength = -1),
        ["expected_length of more than 32 bits"] = BadInput.Generate("expected_length", request => request.ExpectedLength = 1L << 32),
        ["expected_length is another"] = BadInput.Generate("expected_length", request => request.ExpectedLength = 1, StatusCode.FailedPrecondition),
        ["on_disconnect"] = BadInput.Generate("on_disconnect", request => request.OnDisconnect = (DisconnectPolicy)7),
        ["resume an unknown turn"] = BadInput.Stream(StatusCode.NotFound, "turn_id", (server, session) => server.Sessions.Resume(new ResumeRequest { SessionId = session, TurnId = "turn-x" })),
        ["resume from a negative offset"] = BadInput.Stream(Invalid, "from_offset", (server, session) => server.Sessions.Resume(new ResumeRequest { SessionId = session, FromOffset = -1 })),
        ["resume from beyond the turn"] = BadInput.Stream(StatusCode.OutOfRange, "from_offset", (server, session) => server.Sessions.Resume(new ResumeRequest { SessionId = session, FromOffset = 1_000_000 })),
        ["resume from beyond 32 bits"] = BadInput.Stream(Invalid, "from_offset", (server, session) => server.Sessions.Resume(new ResumeRequest { SessionId = session, FromOffset = 1L << 32 })),
    };

    private static Dictionary<string, BadInput> Edits() => new()
    {
        ["fork beyond the end"] = BadInput.Unary(StatusCode.OutOfRange, "position", (server, session) => server.Sessions.ForkAsync(new ForkRequest { SessionId = session, Position = 1000 })),
        ["fork at an unknown checkpoint"] = BadInput.Unary(StatusCode.NotFound, "checkpoint", (server, session) => server.Sessions.ForkAsync(new ForkRequest { SessionId = session, Checkpoint = "no" })),
        ["fork into a bad id"] = BadInput.Unary(Invalid, "new_session_id", (server, session) => server.Sessions.ForkAsync(new ForkRequest { SessionId = session, NewSessionId = "ü" })),
        ["fork into a taken id"] = BadInput.Unary(StatusCode.AlreadyExists, "new_session_id", (server, session) => server.Sessions.ForkAsync(new ForkRequest { SessionId = session, NewSessionId = session })),
        ["roll back to nowhere"] = BadInput.Unary(Invalid, "to", (server, session) => server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session })),
        ["roll back beyond the end"] = BadInput.Unary(StatusCode.OutOfRange, "position", (server, session) => server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = 1000 })),
        ["roll back before the start"] = BadInput.Unary(StatusCode.OutOfRange, "position", (server, session) => server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = -1000 })),
        ["roll back to an unknown checkpoint"] = BadInput.Unary(StatusCode.NotFound, "checkpoint", (server, session) => server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Checkpoint = "no" })),
        ["checkpoint without a name"] = BadInput.Unary(Invalid, "name", (server, session) => server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session })),
        ["checkpoint with a long name"] = BadInput.Unary(Invalid, "name", (server, session) => server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session, Name = new string('c', 65) })),
        ["checkpoint with a taken name"] = BadInput.Unary(StatusCode.AlreadyExists, "name", (server, session) => server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session, Name = "here" })),
        ["checkpoint beyond the end"] = BadInput.Unary(StatusCode.OutOfRange, "position", (server, session) => server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session, Name = "far", Position = 1000 })),
        ["delete an unknown checkpoint"] = BadInput.Unary(StatusCode.NotFound, "name", (server, session) => server.Sessions.DeleteCheckpointAsync(new DeleteCheckpointRequest { SessionId = session, Name = "no" })),
        ["history the wrong way round"] = BadInput.Unary(Invalid, "end", (server, session) => server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session, Start = 3, End = 2 })),
        ["history before the start"] = BadInput.Unary(Invalid, "start", (server, session) => server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session, Start = -1 })),
        ["history beyond the end"] = BadInput.Unary(StatusCode.OutOfRange, "end", (server, session) => server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session, End = 1000 })),
    };

    private static Dictionary<string, BadInput> OfTheCluster() => new()
    {
        ["plan: stages below"] = BadInput.Unary(Invalid, "stages", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn", Stages = -1 })),
        ["plan: stages above"] = BadInput.Unary(Invalid, "stages", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn", Stages = 1025 })),
        ["plan: stages of which model"] = BadInput.Unary(Invalid, "model", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Stages = 2 })),
        ["plan: a model that is whole cannot be cut anew"] = BadInput.Unary(StatusCode.FailedPrecondition, "model", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn-mistral-128k", Stages = 2, Apply = true })),
        ["plan: one stage cannot be applied"] = BadInput.Unary(Invalid, "stages", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn-mistral-128k", Stages = 1, Apply = true })),
        ["plan: unknown model"] = BadInput.Unary(StatusCode.NotFound, "model", (server, _) => server.Cluster.PlanAsync(new PlanRequest { Model = "gpt" })),
        ["watch: interval below"] = BadInput.Stream(Invalid, "interval_ms", (server, _) => server.Cluster.WatchTopology(new WatchTopologyRequest { IntervalMs = 99 })),
        ["drain: no silo"] = BadInput.Stream(Invalid, "silo", (server, _) => server.Cluster.Drain(new DrainRequest())),
        ["drain: unknown silo"] = BadInput.Stream(Invalid, "silo", (server, _) => server.Cluster.Drain(new DrainRequest { Silo = "nobody" })),
        ["move: unknown target"] = BadInput.Unary(Invalid, "target", (server, session) => server.Cluster.MoveAsync(new MoveRequest { SessionId = session, Target = "nobody" })),
        ["move: session that is nowhere"] = BadInput.Unary(StatusCode.NotFound, "session_id", (server, _) => server.Cluster.MoveAsync(new MoveRequest { SessionId = "nobody" })),
    };

    private static Dictionary<string, BadInput> OfModels() => new()
    {
        ["unknown model"] = BadInput.Unary(StatusCode.NotFound, "model", (server, _) => server.Models.GetAsync(new GetModelRequest { Model = "gpt" })),
        ["tokenize nothing"] = BadInput.Unary(Invalid, "input", (server, _) => server.Models.TokenizeAsync(new TokenizeRequest())),
        ["tokenize with an unknown model"] = BadInput.Unary(StatusCode.NotFound, "model", (server, _) => server.Models.TokenizeAsync(new TokenizeRequest { Model = "gpt", Input = new Input { Text = "x" } })),
        ["detokenize a negative id"] = BadInput.Unary(Invalid, "ids[0]", (server, _) => server.Models.DetokenizeAsync(new DetokenizeRequest { Ids = { -1 } })),
        ["detokenize an id beyond the vocabulary"] = BadInput.Unary(Invalid, "ids[1]", (server, _) => server.Models.DetokenizeAsync(new DetokenizeRequest { Ids = { 1, 4096 } })),
        ["score with too many alternatives"] = BadInput.Stream(Invalid, "top", (server, _) => server.Models.Score(new ScoreRequest { Input = new Input { Text = "x" }, Top = 21 })),
        ["score a single token"] = BadInput.Stream(Invalid, "input", (server, _) => server.Models.Score(new ScoreRequest { Input = new Input { Tokens = new TokenIds { Ids = { 5 } } } })),
        ["score with an unknown model"] = BadInput.Stream(StatusCode.NotFound, "model", (server, _) => server.Models.Score(new ScoreRequest { Model = "gpt", Input = new Input { Text = "x y" } })),
    };

    private static Input Chat(string role, string template) => new()
    {
        Chat = new ChatMessages { Messages = { new ChatMessage { Role = role, Content = "Hello" } }, Template = template },
    };
}
