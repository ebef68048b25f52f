using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Archives;

/// <summary>Makes a session out of an archive: all of it is checked before anything is made.</summary>
internal sealed class SessionImport(string sessionId, SessionServices services)
{
    /// <exception cref="OrleansLMException">InvalidArgument: the archive or its state is damaged or cut short; FailedPrecondition: of another model; AlreadyExists.</exception>
    public async Task RunAsync(Stream archive, string? modelName, CancellationToken cancellationToken)
    {
        var (header, tokens) = await ReadAsync(archive, cancellationToken);
        var model = services.Models.Resolve(string.IsNullOrEmpty(modelName) ? header.Model : modelName);
        RequireModel(header, model);
        SessionRules.Check(sessionId, Request(header), model);
        ArchiveRules.Check(header, model);
        var sequence = await SequenceAsync(archive, header, tokens, model, cancellationToken);
        try
        {
            await services.Log.CreateAsync(Record(header, model), tokens, header.Checkpoints, services.Options.MaxOpenSessions, header.Turns);
        }
        catch
        {
            await sequence.DisposeAsync();
            throw;
        }

        services.Handover.Offer(sessionId, sequence);
    }

    private static async Task<(ArchiveHeader Header, int[] Tokens)> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        try
        {
            return await ArchiveFormat.ReadAsync(archive, cancellationToken);
        }
        catch (OrleansLMException damaged) when (damaged.Code == ErrorCode.DataLoss)
        {
            throw ArchiveFormat.Refused(damaged.Message);
        }
    }

    private static void RequireModel(ArchiveHeader header, HostedModel model)
    {
        if (header.Fingerprint != model.Engine.Description.Fingerprint)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition,
                $"data: the archive is of model '{header.Model}' with fingerprint {header.Fingerprint}; '{model.Name}' here has {model.Engine.Description.Fingerprint}") { Field = "data", Reason = "MODEL_CHANGED" };
        }
    }

    private static async Task<IEngineSequence> SequenceAsync(Stream archive, ArchiveHeader header, int[] tokens, HostedModel model, CancellationToken cancellationToken)
    {
        IEngineSequence? sequence = null;
        try
        {
            sequence = model.Engine.CreateSequence(tokens);
            if (header.HasState)
            {
                await sequence.ImportAsync(await StateReader.OpenAsync(archive, cancellationToken), cancellationToken: cancellationToken);
            }

            return sequence;
        }
        catch (EngineException full) when (sequence is not null && full.Error is EngineError.ResourceExhausted or EngineError.Unavailable)
        {
            // The state is computed when it is needed.
            return sequence!;
        }
        catch (Exception failure)
        {
            if (sequence is not null)
            {
                await sequence.DisposeAsync();
            }

            throw failure is StateException refused ? ArchiveFormat.Refused(refused.Message) : EngineErrors.Translate(failure);
        }
    }

    private static CreateSession Request(ArchiveHeader header) => new()
    {
        SamplingDefaults = header.SamplingDefaults,
        StopDefaults = header.StopDefaults,
        TimeToLive = header.TimeToLive,
        Tenant = header.Tenant,
        Metadata = header.Metadata,
    };

    private SessionRecord Record(ArchiveHeader header, HostedModel model) => new()
    {
        SessionId = sessionId,
        Model = model.Name,
        CreateTime = header.CreateTime,
        UpdateTime = services.Now,
        TimeToLive = header.TimeToLive,
        ExpireTime = services.Now + header.TimeToLive,
        Tenant = header.Tenant,
        Metadata = header.Metadata,
        SamplingDefaults = header.SamplingDefaults,
        StopDefaults = header.StopDefaults,
        LastTurnId = header.Turns.LastOrDefault()?.TurnId,
    };
}
