using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>A request that must be refused.</summary>
/// <param name="Code">The status.</param>
/// <param name="Field">The only field that BadRequest names.</param>
/// <param name="Call">Sends it; gets a session with a few tokens, one turn and the checkpoint "here".</param>
public sealed record BadInput(StatusCode Code, string Field, Func<LiveServer, string, Task<Failure>> Call)
{
    public static BadInput Generate(string field, Action<GenerateRequest> spoil, StatusCode code = StatusCode.InvalidArgument) => new(code, field, (server, session) =>
    {
        var request = new GenerateRequest { SessionId = session, Input = new Input { Text = " and" }, Stop = new StopConditions { MaxTokens = 2 } };
        spoil(request);
        return Failure.OfAsync(server.Sessions.Generate(request));
    });

    public static BadInput Sampling(string field, Action<SamplingParameters> spoil) => Generate($"sampling.{field}", request => spoil(request.Sampling = new SamplingParameters()));

    public static BadInput Stop(string field, Action<StopConditions> spoil) => Generate($"stop.{field}", request => spoil(request.Stop = new StopConditions()));

    public static BadInput Create(string field, Action<CreateSessionRequest> spoil, StatusCode code = StatusCode.InvalidArgument) => new(code, field, (server, session) =>
    {
        var request = new CreateSessionRequest();
        spoil(request);
        request.SessionId = request.SessionId == "taken" ? session : request.SessionId;
        return Failure.OfAsync(server.Sessions.CreateAsync(request));
    });

    public static BadInput Unary<T>(StatusCode code, string field, Func<LiveServer, string, AsyncUnaryCall<T>> call) =>
        new(code, field, (server, session) => Failure.OfAsync(call(server, session)));

    public static BadInput Stream<T>(StatusCode code, string field, Func<LiveServer, string, AsyncServerStreamingCall<T>> call) =>
        new(code, field, (server, session) => Failure.OfAsync(call(server, session)));
}
