using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Random operations on an engine loop with little memory, held to a model that is nothing but lists of tokens.</summary>
internal sealed class EngineSoak : IDisposable
{
    private readonly Random _random;
    private readonly LoopRig _rig;
    private readonly List<SoakSequence> _sequences = [];
    private readonly List<TaskCompletionSource> _saves = [];

    public EngineSoak(int seed, int depth = 1, bool follows = false)
    {
        _random = new Random(seed);
        var recurrent = _random.Next(4) == 0;
        int? window = !recurrent && _random.Next(3) == 0 ? _random.Next(8, 60) : null;
        _rig = new LoopRig(
            pages: recurrent ? _random.Next(1, 6) : _random.Next(9, 30), budget: 16 * _random.Next(1, 5), running: _random.Next(1, 6), waiting: 50, context: 130,
            window: window, recurrent: recurrent, buffer: _random.Next(1, 12), depth: depth, follows: follows);
    }

    public int Finished { get; private set; }

    public int Failed { get; private set; }

    public int Losses { get; private set; }

    public int Followers => _rig.Chain.Followers;

    public long Evictions => _rig.Loop.Counters.Evictions;

    public int Saves { get; private set; }

    public long Preemptions => _rig.Loop.Counters.Preemptions;

    public void Run(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            Operate();
            Disturb();
            _rig.Loop.RunOnce();
            CheckAccounts();
        }

        foreach (var sequence in _sequences.ToArray())
        {
            ReadToEnd(sequence);
            _rig.Done(sequence.Sequence.DisposeAsync());
        }

        Assert.Equal((0, 0, 0), (_rig.Pool.UsedCount, _rig.Loop.Counters.OpenTurns, _rig.Loop.Counters.Sequences));
    }

    public void Dispose() => _rig.Dispose();

    private void Operate()
    {
        var any = _sequences.Count == 0 ? null : _sequences[_random.Next(_sequences.Count)];
        switch (_random.Next(12))
        {
            case 0 when _sequences.Count < 10:
                var tokens = LoopRig.Tokens(_random.Next(0, 60), _random.Next());
                _sequences.Add(new SoakSequence(_rig.Create(tokens), tokens));
                _sequences[^1].Sequence.BeforeDrop = _random.Next(2) == 0 ? SaveAsync : null;
                break;
            case 1 or 2 or 3 when any is { Turn: null }:
                Submit(any);
                break;
            case 4 when any is not null && _sequences.Count < 10:
                Fork(any);
                break;
            case 5 when any is { Turn: null }:
                Truncate(any);
                break;
            case 6 when any is { Turn: { } turn } && _random.Next(4) == 0:
                turn.Cancel();
                break;
            case 7 when any is { Turn: null } && _sequences.Count > 5:
                _rig.Done(any.Sequence.DisposeAsync());
                _sequences.Remove(any);
                break;
            case 8 or 9 or 10 when any is { Turn: not null }:
                Read(any);
                break;
        }
    }

    private Task SaveAsync()
    {
        Saves++;
        _saves.Add(new TaskCompletionSource());
        return _saves[^1].Task;
    }

    private void Submit(SoakSequence sequence)
    {
        var tokens = LoopRig.Tokens(_random.Next(0, 40), _random.Next());
        if (tokens.Length > 0 && _random.Next(10) == 0)
        {
            tokens[_random.Next(tokens.Length)] = _random.Next(2) == 0 ? HashChain.PoisonToken : HashChain.NotFiniteToken;
        }

        sequence.Sampling = _random.Next(2) == 0 ? SamplingParameters.Greedy : new() { Temperature = 2, Seed = (ulong)_random.Next(), FrequencyPenalty = 1 };
        var request = LoopRig.Request(tokens, _random.Next(0, 40), sequence.Sampling) with { PromptLogProbs = _random.Next(5) == 0 ? 0 : null };
        try
        {
            sequence.Turn = sequence.Sequence.Submit(request);
            sequence.Appended = tokens;
            sequence.Generated.Clear();
        }
        catch (EngineException error)
        {
            Assert.Contains(error.Error, new[] { EngineError.InvalidArgument, EngineError.ContextFull, EngineError.ResourceExhausted });
        }
    }

    private void Fork(SoakSequence source)
    {
        // Of a running turn only what cannot be taken back any more is forked.
        var position = _random.Next(source.Tokens.Count + 1);
        _sequences.Add(new SoakSequence(_rig.Done(source.Sequence.ForkAsync(position)), source.Tokens.Take(position)));
    }

    private void Truncate(SoakSequence sequence)
    {
        var position = _random.Next(sequence.Tokens.Count + 1);
        _rig.Done(sequence.Sequence.TruncateAsync(position));
        sequence.Tokens.RemoveRange(position, sequence.Tokens.Count - position);
    }

    private void ReadToEnd(SoakSequence sequence)
    {
        for (var rounds = 0; sequence.Turn is not null; rounds++)
        {
            Assert.True(rounds < 10_000, "a turn does not end though it is read");
            Read(sequence);
            foreach (var other in _sequences)
            {
                Read(other);
            }

            Disturb();
            _rig.Loop.RunOnce();
        }
    }

    /// <summary>Where steps are under way: some are done, now and then a stage is lost, for a while.</summary>
    private void Disturb()
    {
        if (_saves.Count > 0 && _random.Next(4) == 0)
        {
            _saves[0].SetResult();
            _saves.RemoveAt(0);
        }

        _rig.Chain.MayFollow = !_rig.Chain.Follows || _random.Next(5) > 0;
        if (_rig.Chain.Depth == 1)
        {
            return;
        }

        _rig.Chain.Finish(_random.Next(3));
        _rig.Chain.IsWhole |= _random.Next(4) == 0;
        if (_random.Next(40) == 0)
        {
            _rig.Chain.Lose(ready: _random.Next(2) == 0);
            Losses++;
        }
    }

    private void Read(SoakSequence sequence)
    {
        if (sequence.Turn is not { } turn)
        {
            return;
        }

        while (turn.Output.TryRead(out var output))
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                sequence.Generated.Add(output.Token.TokenId);
            }
        }

        if (turn.Output.Completion.IsFaulted)
        {
            Assert.Equal(EngineError.Internal, LoopRig.Error(turn).Error);
            Assert.True(Bad(sequence.Tokens.Concat(sequence.Appended)), $"a turn failed that has no bad token: {LoopRig.Error(turn)}");
            sequence.Turn = null;
            Failed++;
        }
        else if (turn.Output.Completion.IsCompleted)
        {
            sequence.Tokens.AddRange(sequence.Appended);
            Assert.Equal(_rig.Expected(sequence.Tokens.ToArray(), sequence.Generated.Count, sequence.Sampling), sequence.Generated);
            sequence.Tokens.AddRange(sequence.Generated);
            sequence.Turn = null;
            Finished++;
        }

        if (sequence.Turn is null)
        {
            Assert.Equal(sequence.Tokens, sequence.Sequence.CopyTokens(0, sequence.Sequence.Length));
        }
    }

    private static bool Bad(IEnumerable<int> tokens) => tokens.Any(token => token is HashChain.PoisonToken or HashChain.NotFiniteToken);

    private void CheckAccounts()
    {
        Assert.Null(_rig.Chain.Defect);
        var status = _rig.Loop.Counters.Snapshot(_rig.Pool.PageCount);
        Assert.Equal(_sequences.Count, status.Sequences);
        Assert.InRange(status.PagesUsed, 0, _rig.Pool.PageCount);
        Assert.All(_sequences, sequence => Assert.InRange(sequence.Sequence.ComputedLength, 0, sequence.Sequence.Length));
    }
}
