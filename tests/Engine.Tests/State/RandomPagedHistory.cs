using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Tests.State;

/// <summary>Sequences that grow, fork, roll back and end at random, beside the plain lists of tokens that they should hold.</summary>
internal sealed class RandomPagedHistory
{
    private readonly Random _random;
    private readonly int _pageTokens;
    private readonly int _window;
    private readonly SimulatedStore _store;
    private readonly StepBatch _batch = new();
    private readonly List<(PagedSequenceState State, List<int> Tokens)> _sequences = [];

    public RandomPagedHistory(int seed, int pageCount, int pageTokens, int? window)
    {
        _random = new Random(seed);
        _pageTokens = pageTokens;
        _window = window ?? int.MaxValue;
        Pool = new PagePool(pageCount);
        _store = new SimulatedStore(pageCount, pageTokens, _window);
        Window = window;
    }

    public PagePool Pool { get; }

    public int Refusals { get; private set; }

    public int Copies { get; private set; }

    private int? Window { get; }

    public void Step()
    {
        switch (_random.Next(20))
        {
            case 0 or 1:
                _sequences.Add((new PagedSequenceState(Pool, _pageTokens, Window), []));
                break;
            case 2 or 3:
                Fork();
                break;
            case 4:
                Truncate();
                break;
            case 5:
                Release();
                break;
            default:
                RunBatch();
                break;
        }
    }

    /// <summary>References of every page = entries of all tables that name it; free pages have none.</summary>
    public void CheckCounts()
    {
        var held = _sequences.SelectMany(sequence => sequence.State.Pages.ToArray()).CountBy(page => page).ToDictionary();
        for (var page = 0; page < Pool.PageCount; page++)
        {
            Assert.Equal(held.GetValueOrDefault(page), Pool.References(page));
        }

        Assert.Equal(Pool.PageCount - held.Count, Pool.FreeCount);
    }

    public void ReleaseAll()
    {
        foreach (var (state, _) in _sequences)
        {
            state.Release();
        }

        _sequences.Clear();
    }

    private void RunBatch()
    {
        _batch.Clear();
        var running = new List<(int Sequence, int[] Tokens)>();
        for (var i = 0; i < _sequences.Count; i++)
        {
            var tokens = Enumerable.Range(0, _random.Next(1, 12)).Select(_ => _random.Next()).ToArray();
            if (_random.Next(2) == 0 && TryAdd(_sequences[i].State, tokens))
            {
                running.Add((i, tokens));
            }
        }

        Copies += _batch.CopyCount;
        foreach (var (sequence, tokens) in running)
        {
            _sequences[sequence].State.Advance(tokens.Length);
            _sequences[sequence].Tokens.AddRange(tokens);
        }

        CheckReads(running.Select(entry => entry.Sequence).ToArray(), _store.Run(_batch));
    }

    private bool TryAdd(PagedSequenceState state, int[] tokens)
    {
        var (free, copies) = (Pool.FreeCount, _batch.CopyCount);
        var needed = state.UnitsToReserve(tokens.Length);
        if (!state.TryReserve(tokens.Length, _batch))
        {
            Refusals++;
            Assert.True(needed > free);
            Assert.Equal((free, copies), (Pool.FreeCount, _batch.CopyCount));
            return false;
        }

        Assert.Equal(needed, free - Pool.FreeCount);
        Assert.All(_batch.Copies[copies..].ToArray(), copy => Assert.True(Pool.References(copy.From) > 0, "a page was copied that nobody else holds"));
        state.AddSegment(_batch, tokens);
        return true;
    }

    private void CheckReads(int[] sequences, int[][] reads)
    {
        for (var i = 0; i < sequences.Length; i++)
        {
            var expected = _sequences[sequences[i]].Tokens;
            Assert.Equal(expected.Skip((int)Math.Max(0L, (long)expected.Count - _window)), reads[i]);
        }
    }

    private void Fork()
    {
        if (Pick() is { } parent)
        {
            var position = _random.Next(parent.Tokens.Count + 1);
            var before = Pool.FreeCount;
            var fork = (PagedSequenceState)parent.State.Fork(position);
            Assert.Equal(before, Pool.FreeCount);
            Assert.True(Window is not null || fork.ComputedLength == position);
            _sequences.Add((fork, parent.Tokens[..fork.ComputedLength]));
        }
    }

    private void Truncate()
    {
        if (Pick() is { } sequence)
        {
            var position = _random.Next(sequence.Tokens.Count + 1);
            var reached = sequence.State.Truncate(position);
            Assert.True(Window is not null ? reached <= position : reached == position);
            sequence.Tokens.RemoveRange(reached, sequence.Tokens.Count - reached);
        }
    }

    private void Release()
    {
        if (Pick() is { } sequence)
        {
            sequence.State.Release();
            _sequences.Remove(sequence);
        }
    }

    private (PagedSequenceState State, List<int> Tokens)? Pick()
        => _sequences.Count == 0 ? null : _sequences[_random.Next(_sequences.Count)];
}
