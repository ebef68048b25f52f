using System.Diagnostics;
using System.Threading.Channels;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>A turn from submission to its end. Everything but <see cref="Output"/> and <see cref="Cancel"/> belongs to the engine's thread.</summary>
internal sealed class EngineTurn : IEngineTurn
{
    private readonly EngineLoop _loop;
    private readonly Action _resume;
    private int _cancelled;

    public EngineTurn(EngineLoop loop, EngineSequence sequence, TurnRequest request, SamplingPlan plan, int baseLength, long arrival, int outputBuffer, TurnClock clock)
    {
        _loop = loop;
        Sequence = sequence;
        Request = request;
        Plan = plan;
        BaseLength = baseLength;
        Arrival = arrival;
        Channel = new TurnChannel(outputBuffer, request.AllowSynchronousContinuations);
        Clock = clock;
        NextToScore = Math.Max(1, baseLength);
        _resume = () => loop.Commands.TryPost(Resume);
    }

    public EngineSequence Sequence { get; }

    public TurnRequest Request { get; }

    public SamplingPlan Plan { get; }

    public TurnChannel Channel { get; }

    public TurnClock Clock { get; }

    public Activity? Activity { get; init; }

    public ChannelReader<TurnOutput> Output => Channel;

    /// <summary>Length of the sequence before the turn: where it goes back to when the turn fails.</summary>
    public int BaseLength { get; }

    /// <summary>Where the appended tokens end.</summary>
    public int PromptEnd => BaseLength + Request.Tokens.Length;

    /// <summary>Order of submission.</summary>
    public long Arrival { get; }

    /// <summary>Set before the turn is first planned.</summary>
    public Generation Generation { get; set; } = null!;

    /// <summary>
    /// Tokens that must be computed before the turn can go on. A turn that generates nothing (any more) leaves its last token to the turn that will sample
    /// after it, which needs that row's logits.
    /// </summary>
    public int Target => Generation.Reason == FinishReason.None ? Sequence.Tokens.Count + Ahead : Math.Max(0, Sequence.Tokens.Count - 1);

    /// <summary>1 while a row is planned or under way for a token that a step under way is still to choose; else 0.</summary>
    public int Ahead { get; set; }

    /// <summary>Number of the step that chooses the next token.</summary>
    public long ChosenBy { get; set; }

    /// <summary>Where its id will be found: <see cref="ChoicePlace"/>.</summary>
    public int ChosenAt { get; set; }

    /// <summary>All tokens but one that is being chosen are computed, and the one after it is wanted, unless that one ends the turn.</summary>
    public bool CanFollow =>
        UnderWay == 1 && Decodes && Error is null && Ahead == 0 && !Scores && Generation.GoesOnAfterNext && Sequence.State.ComputedLength == Sequence.Tokens.Count;

    public long LastStep { get; set; }

    public bool Started { get; set; }

    public bool Paused { get; set; }

    /// <summary>What brings its state back after a loss, and has not ended: no rows until then. Null when nothing does.</summary>
    public StateReturn? Return { get; set; }

    /// <summary>After a step that failed with others: the position it must pass, alone, to be trusted again. 0 when it is.</summary>
    public int SuspectUntil { get; set; }

    /// <summary>Position of the next appended token whose log-probability is to be reported.</summary>
    public int NextToScore { get; set; }

    /// <summary>Rows computed that were not decode rows.</summary>
    public int PrefilledTokens { get; set; }

    /// <summary>Tokens whose state was found instead of computed.</summary>
    public int ReusedTokens { get; set; }

    /// <summary>Where the prefill that is going on began: 0 again after the state was dropped.</summary>
    public int PrefillStart { get; set; }

    /// <summary>Where it ends.</summary>
    public int PrefillTarget { get; set; }

    /// <summary>A token was sampled since the last prefill, so a single row is a decode row.</summary>
    public bool Decodes { get; set; }

    /// <summary>Set when the turn has failed in this step.</summary>
    public EngineException? Error { get; set; }

    public bool Ended { get; set; }

    /// <summary>Counts the times that the state was dropped: what was begun for an older one is nobody's.</summary>
    public int Version { get; private set; }

    /// <summary>Steps of this <see cref="Version"/> that hold rows of the turn and are not over.</summary>
    public int UnderWay { get; set; }

    /// <summary>
    /// Tokens whose state can be taken as it is. The last token's row has to be computed for its logits, and scoring needs the row before the first appended token.
    /// </summary>
    public int UsableLength => Math.Max(0, Scores ? NextToScore - 1 : Sequence.Tokens.Count - 1);

    /// <summary>Log-probabilities of appended tokens are still to come.</summary>
    public bool Scores => Request.PromptLogProbs is not null && NextToScore < PromptEnd;

    public void Cancel()
    {
        if (Interlocked.Exchange(ref _cancelled, 1) == 0)
        {
            _loop.Commands.TryPost(() => _loop.Cancel(this));
        }
    }

    /// <summary>What was planned ahead and did not come about is forgotten.</summary>
    public void SettleAhead() => Ahead = Sequence.State.ComputedLength > Sequence.Tokens.Count ? 1 : 0;

    /// <summary>Whether what was begun at <paramref name="version"/> is still the turn's.</summary>
    public bool IsAt(int version) => !Ended && Version == version;

    /// <summary>The state is gone, with what is under way: all is computed anew.</summary>
    public void Restart()
    {
        Version++;
        UnderWay = 0;
        Ahead = 0;
        BeginPrefill();
    }

    /// <summary>What is computed has changed by other than steps: a prefill begins.</summary>
    public void BeginPrefill()
    {
        Decodes = false;
        PrefillStart = Sequence.State.ComputedLength;
        PrefillTarget = Target;
    }

    /// <summary>Its reader is behind: no more rows until it has caught up.</summary>
    public void Pause()
    {
        Paused = true;
        Channel.WhenRoom(_resume);
    }

    public TurnView View(SchedulerLimits limits, long now) => new()
    {
        Arrival = Arrival,
        Target = Target,
        Computed = Sequence.State.ComputedLength,
        PageEnd = Sequence.State.UnitEnd(),
        HeldPages = Sequence.State.UnitsHeld,
        CopyOnWrite = (long)Sequence.State.UnitEnd() * limits.PageTokens > Sequence.State.ComputedLength && Sequence.State.UnitsToReserve(1) > 0,
        LastStep = LastStep,
        Paused = Paused || Return is not null,
        Suspect = SuspectUntil > 0,
        Started = Started,
        Waited = Clock.SinceSubmission(now),
    };

    private void Resume()
    {
        Paused = !Ended && Channel.IsFull;
        if (Paused)
        {
            Pause();
        }
    }
}
