using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Who may come in, and what those are told who may not. Any thread.</summary>
internal sealed class TurnAdmission(EngineParts parts, SchedulerLimits limits, EngineCounters counters)
{
    /// <summary>When a refused turn may try again.</summary>
    public RetryHint Retry { get; } = new();

    /// <summary>Lets a turn in whose sequence holds <paramref name="length"/> tokens before it.</summary>
    /// <exception cref="EngineException">InvalidArgument, ContextFull, or ResourceExhausted when it can never fit or the queue is full.</exception>
    public void Enter(int length, TurnRequest request)
    {
        RequireLength(length, request);
        if (!counters.TryOpenTurn(limits.MaxRunningTurns + parts.Options.MaxWaitingTurns))
        {
            throw QueueFull();
        }
    }

    /// <exception cref="EngineException">InvalidArgument: too long for this engine.</exception>
    public void RequireSequence(int length)
    {
        if (length > parts.MaxSequenceTokens)
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"the sequence has {length} tokens; expected at most {parts.MaxSequenceTokens}") { Field = "tokens" };
        }
    }

    public EngineException NeverFits(int tokens) => new(
        EngineError.ResourceExhausted, $"{tokens} tokens need {limits.Footprint(tokens)} pages of state and {limits.SparePages} to grow into; the engine has {limits.TotalPages}");

    public EngineException NoMemory() => new(
        EngineError.ResourceExhausted, $"no memory for the turn's state within {parts.Options.AdmissionTimeout.TotalSeconds:0.###} s") { RetryAfter = RetryAfter() };

    public EngineException QueueFull() => new(
        EngineError.ResourceExhausted, $"{parts.Options.MaxWaitingTurns} turns wait already, as many as may") { RetryAfter = RetryAfter() };

    private void RequireLength(int length, TurnRequest request)
    {
        var total = (long)length + request.Tokens.Length;
        if (total == 0)
        {
            throw new EngineException(EngineError.InvalidArgument, "the sequence is empty and so are the tokens; expected at least one token") { Field = nameof(request.Tokens) };
        }

        if (request.GenerationStart > total)
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"GenerationStart is {request.GenerationStart}; expected a value in [0, {total}]") { Field = nameof(request.GenerationStart) };
        }

        if (total > parts.MaxSequenceTokens)
        {
            throw new EngineException(
                EngineError.ContextFull, $"{length} tokens and {request.Tokens.Length} more are {total}; the longest sequence is {parts.MaxSequenceTokens}") { Field = nameof(request.Tokens) };
        }

        if (!limits.CouldEverFit((int)total))
        {
            throw NeverFits((int)total);
        }
    }

    private TimeSpan RetryAfter() => Retry.After(counters.OpenTurns - Volatile.Read(ref counters.Running), Volatile.Read(ref counters.Running));
}
