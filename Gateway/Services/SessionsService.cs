using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Hosting;
using OrleansLM.Gateway.Mapping;
using OrleansLM.Gateway.Routing;
using OrleansLM.Gateway.Validation;
using DisconnectPolicy = OrleansLM.Contracts.Messages.DisconnectPolicy;

namespace OrleansLM.Gateway.Services;

/// <summary>Sessions on the wire: checks a request, calls the session's grain, copies the answer. Keeps nothing.</summary>
[BindServiceMethod(typeof(SessionsService), nameof(Bind))]
public sealed class SessionsService(
    IGrainFactory grains, ModelNames models, TurnStreams streams, Failover failover, IOptions<GatewayOptions> options, TimeProvider time) : Sessions.SessionsBase
{
    /// <summary>Names the methods to <paramref name="binder"/>. The package asks for the generated base class here.</summary>
    public static void Bind(ServiceBinderBase binder, Sessions.SessionsBase? service) => Sessions.BindService(new CheckedBinder(binder), service);

    public override async Task<Session> Create(CreateSessionRequest request, ServerCallContext context)
    {
        new RequestCheck()
            .OptionalSessionId(request.SessionId, "session_id")
            .Sampling(request.SamplingDefaults, "sampling_defaults")
            .Stop(request.StopDefaults, "stop_defaults")
            .TimeToLive(request.Ttl)
            .MaxLength(request.Tenant, 64, "tenant")
            .Metadata(request.Metadata)
            .Throw();
        var id = request.SessionId.Length > 0 ? request.SessionId : SessionNames.NewId("s", time);
        var create = new CreateSession
        {
            Model = await models.ResolveAsync(request.Model, context.CancellationToken),
            SamplingDefaults = request.SamplingDefaults.ToSettings(),
            StopDefaults = request.StopDefaults.ToSettings(),
            TimeToLive = request.Ttl?.ToTimeSpan(),
            Tenant = request.Tenant,
            Metadata = new Dictionary<string, string>(request.Metadata),
        };
        return (await failover.CallAsync(() => Grain(id).CreateAsync(create, context.CancellationToken), Existing(id, context), context.CancellationToken)).ToWire();
    }

    public override async Task<Session> Get(GetSessionRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        return (await failover.CallAsync(() => Grain(request.SessionId).GetAsync(context.CancellationToken), context.CancellationToken)).ToWire();
    }

    public override async Task<ListSessionsResponse> List(ListSessionsRequest request, ServerCallContext context)
    {
        new RequestCheck().In(request.PageSize, 0, 1000, "page_size").Throw();
        var page = await failover.CallAsync(() => grains.GetGrain<ISessionIndexGrain>(0).ListAsync(
            new SessionQuery
            {
                PageSize = request.PageSize == 0 ? 100 : request.PageSize,
                PageToken = NullIfEmpty(request.PageToken),
                Tenant = NullIfEmpty(request.Tenant),
                Model = NullIfEmpty(request.Model),
            },
            context.CancellationToken), context.CancellationToken);
        var response = new ListSessionsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Sessions.AddRange(page.Sessions.Select(SessionMapping.ToWire));
        return response;
    }

    public override async Task<DeleteSessionResponse> Delete(DeleteSessionRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        await failover.CallAsync(() => DeleteAsync(request.SessionId, context), failure => failure.Code == ErrorCode.NotFound ? Task.FromResult(true) : null, context.CancellationToken);
        return new DeleteSessionResponse();
    }

    public override Task Append(AppendRequest request, IServerStreamWriter<Contracts.V1.TurnEvent> responseStream, ServerCallContext context)
    {
        var check = new RequestCheck().SessionId(request.SessionId).Input(request.Input, required: true, options.Value);
        CheckTurn(check, request.IdempotencyKey, request.HasPromptLogProbs, request.PromptLogProbs, request.HasExpectedLength, request.ExpectedLength).Throw();
        var command = new TurnCommand
        {
            Input = request.Input.ToModelInput(),
            AppendOnly = true,
            IdempotencyKey = NullIfEmpty(request.IdempotencyKey),
            PromptLogProbs = request.HasPromptLogProbs ? request.PromptLogProbs : null,
            ExpectedLength = request.HasExpectedLength ? (int)request.ExpectedLength : null,
        };
        return streams.CopyAsync(request.SessionId, failover.RunTurnAsync(request.SessionId, Grain(request.SessionId), command, context.CancellationToken), responseStream, context);
    }

    public override Task Generate(GenerateRequest request, IServerStreamWriter<Contracts.V1.TurnEvent> responseStream, ServerCallContext context)
    {
        var check = new RequestCheck()
            .SessionId(request.SessionId)
            .Input(request.Input, required: false, options.Value)
            .Sampling(request.Sampling)
            .Stop(request.Stop)
            .Require(Enum.IsDefined(request.OnDisconnect), "on_disconnect", $"is {(int)request.OnDisconnect}; expected a DisconnectPolicy");
        CheckTurn(check, request.IdempotencyKey, request.HasPromptLogProbs, request.PromptLogProbs, request.HasExpectedLength, request.ExpectedLength).Throw();
        var command = new TurnCommand
        {
            Input = request.Input.ToModelInput(),
            Sampling = request.Sampling.ToSettings(),
            Stop = request.Stop.ToSettings(),
            IdempotencyKey = NullIfEmpty(request.IdempotencyKey),
            PromptLogProbs = request.HasPromptLogProbs ? request.PromptLogProbs : null,
            ExpectedLength = request.HasExpectedLength ? (int)request.ExpectedLength : null,
            OnDisconnect = request.OnDisconnect == Contracts.V1.DisconnectPolicy.Cancel ? DisconnectPolicy.Cancel : DisconnectPolicy.Continue,
        };
        // step 2: the session's grain takes it from here.
        return streams.CopyAsync(request.SessionId, failover.RunTurnAsync(request.SessionId, Grain(request.SessionId), command, context.CancellationToken), responseStream, context);
    }

    public override Task Resume(ResumeRequest request, IServerStreamWriter<Contracts.V1.TurnEvent> responseStream, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Position(request.FromOffset, "from_offset").Throw();
        var resume = new ResumeStream { TurnId = NullIfEmpty(request.TurnId), FromOffset = (int)request.FromOffset };
        return streams.CopyAsync(request.SessionId, failover.ResumeAsync(request.SessionId, Grain(request.SessionId), resume, context.CancellationToken), responseStream, context);
    }

    public override async Task<CancelResponse> Cancel(CancelRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        return new CancelResponse { Cancelled = await failover.CallAsync(() => Grain(request.SessionId).CancelAsync(NullIfEmpty(request.TurnId), context.CancellationToken), context.CancellationToken) };
    }

    public override async Task<Session> Fork(ForkRequest request, ServerCallContext context)
    {
        var byPosition = request.AtCase == ForkRequest.AtOneofCase.Position;
        new RequestCheck()
            .SessionId(request.SessionId)
            .OptionalSessionId(request.NewSessionId, "new_session_id")
            .Position(byPosition ? request.Position : 0, "position", negativeAllowed: true)
            .Metadata(request.Metadata)
            .Throw();
        var fork = new ForkSession
        {
            NewSessionId = request.NewSessionId.Length > 0 ? request.NewSessionId : SessionNames.NewId("s", time),
            Position = byPosition ? (int)request.Position : null,
            Checkpoint = request.AtCase == ForkRequest.AtOneofCase.Checkpoint ? request.Checkpoint : null,
            Metadata = request.Metadata.Count > 0 ? new Dictionary<string, string>(request.Metadata) : null,
        };
        return (await failover.CallAsync(() => Grain(request.SessionId).ForkAsync(fork, context.CancellationToken), Existing(fork.NewSessionId, context), context.CancellationToken)).ToWire();
    }

    public override async Task<Session> Rollback(RollbackRequest request, ServerCallContext context)
    {
        var byPosition = request.ToCase == RollbackRequest.ToOneofCase.Position;
        new RequestCheck()
            .SessionId(request.SessionId)
            .Require(request.ToCase != RollbackRequest.ToOneofCase.None, "to", "is not set; expected position or checkpoint")
            .Position(byPosition ? request.Position : 0, "position", negativeAllowed: true)
            .Throw();
        var rollback = new RollbackSession
        {
            Position = byPosition ? (int)request.Position : null,
            Checkpoint = request.ToCase == RollbackRequest.ToOneofCase.Checkpoint ? request.Checkpoint : null,
        };
        // One that counts from the end would take away more when it is done twice.
        Task<SessionInfo> RollBackAsync() => Grain(request.SessionId).RollbackAsync(rollback, context.CancellationToken);
        return (rollback.Position < 0 ? await RollBackAsync() : await failover.CallAsync(RollBackAsync, context.CancellationToken)).ToWire();
    }

    public override async Task<Session> CreateCheckpoint(CreateCheckpointRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).CheckpointName(request.Name).Position(request.HasPosition ? request.Position : 0, "position").Throw();
        var position = request.HasPosition ? (int)request.Position : (int?)null;
        return (await failover.CallAsync(
            () => Grain(request.SessionId).CreateCheckpointAsync(request.Name, position, context.CancellationToken), Existing(request.SessionId, context), context.CancellationToken)).ToWire();
    }

    public override async Task<Session> DeleteCheckpoint(DeleteCheckpointRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).CheckpointName(request.Name).Throw();
        return (await failover.CallAsync(
            () => Grain(request.SessionId).DeleteCheckpointAsync(request.Name, context.CancellationToken),
            failure => failure.Reason == "CHECKPOINT_NOT_FOUND" ? Grain(request.SessionId).GetAsync(context.CancellationToken) : null,
            context.CancellationToken)).ToWire();
    }

    public override async Task<Session> Sleep(SleepSessionRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        return (await Grain(request.SessionId).SleepAsync(context.CancellationToken)).ToWire();
    }

    public override async Task Export(ExportSessionRequest request, IServerStreamWriter<SessionArchive> responseStream, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        await foreach (var piece in Grain(request.SessionId).ExportAsync(!request.WithoutState, context.CancellationToken))
        {
            await responseStream.WriteAsync(new SessionArchive { Data = UnsafeByteOperations.UnsafeWrap(piece) }, context.CancellationToken);
        }
    }

    public override async Task<Session> Import(IAsyncStreamReader<ImportSessionRequest> requestStream, ServerCallContext context)
    {
        var hasFirst = await requestStream.MoveNext(context.CancellationToken);
        new RequestCheck()
            .Require(hasFirst, "data", "there was no message; expected the pieces of an archive")
            .OptionalSessionId(hasFirst ? requestStream.Current.SessionId : "", "session_id")
            .Throw();
        var id = requestStream.Current.SessionId is { Length: > 0 } given ? given : SessionNames.NewId("s", time);
        var chunk = new ArchiveChunk { TransferId = SessionNames.NewId("transfer", time), Offset = 0, Data = requestStream.Current.Data.ToByteArray(), Model = NullIfEmpty(requestStream.Current.Model) };
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            await Grain(id).ImportAsync(chunk, context.CancellationToken);
            chunk = chunk with { Offset = chunk.Offset + chunk.Data.Length, Data = requestStream.Current.Data.ToByteArray() };
        }

        return (await Grain(id).ImportAsync(chunk with { IsLast = true }, context.CancellationToken))!.ToWire();
    }

    public override async Task<GetHistoryResponse> GetHistory(GetHistoryRequest request, ServerCallContext context)
    {
        new RequestCheck()
            .SessionId(request.SessionId)
            .Position(request.Start, "start")
            .Position(request.End, "end")
            .Require(request.End == 0 || request.End >= request.Start, "end", $"is {request.End}, before start {request.Start}")
            .Throw();
        var history = await failover.CallAsync(
            () => Grain(request.SessionId).GetHistoryAsync((int)request.Start, (int)request.End, context.CancellationToken), context.CancellationToken);
        var response = new GetHistoryResponse { Start = history.Start, Text = history.Text };
        response.TokenIds.AddRange(history.TokenIds);
        return response;
    }

    private static RequestCheck CheckTurn(RequestCheck check, string key, bool hasLogProbs, int logProbs, bool hasLength, long length) => check
        .MaxLength(key, 128, "idempotency_key")
        .In(hasLogProbs ? logProbs : 0, 0, 20, "prompt_log_probs")
        .Position(hasLength ? length : 0, "expected_length");

    private static string? NullIfEmpty(string value) => value.Length == 0 ? null : value;

    /// <summary>Something that was to be made and is there at the second try was made by the first.</summary>
    private Func<OrleansLMException, Task<SessionInfo>?> Existing(string id, ServerCallContext context) =>
        failure => failure.Code == ErrorCode.AlreadyExists ? Grain(id).GetAsync(context.CancellationToken) : null;

    private async Task<bool> DeleteAsync(string id, ServerCallContext context)
    {
        await Grain(id).DeleteAsync(context.CancellationToken);
        return true;
    }

    private ISessionGrain Grain(string id) => grains.GetGrain<ISessionGrain>(id);
}
