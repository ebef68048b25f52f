using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Beginnings that some sequence has computed, for every other that begins alike: full pages by the hash of all tokens up to their end. What is found are the very pages that
/// a prefill would fill with the same bits. Engine's thread, between two steps.
/// </summary>
internal sealed class PrefixCache(EngineParts parts, EngineCounters counters, EngineInstruments instruments)
{
    private readonly int _pageTokens = parts.Options.PageTokens;
    private readonly bool _hasWindow = parts.Config.SlidingWindow is not null;

    /// <summary>The state of the tokens [start, end) of a sequence has been computed: the pages that became full with it can be found from now on.</summary>
    public void Enter(EngineSequence sequence, int start, int end)
    {
        if (!parts.Pool.KeepsPrefixes || sequence.State is not PagedSequenceState state)
        {
            return;
        }

        for (var page = Math.Max(start / _pageTokens, state.FirstPage); page < end / _pageTokens; page++)
        {
            parts.Pool.Name(state.Pages[page - state.FirstPage], sequence.Keys.Of(page, sequence.Tokens));
        }
    }

    /// <summary>A turn begins: its sequence takes what is known of its beginning, as far as that goes beyond what it has itself.</summary>
    public void Find(EngineTurn turn)
    {
        var sequence = turn.Sequence;
        if (!parts.Pool.KeepsPrefixes || sequence.State is not PagedSequenceState state)
        {
            return;
        }

        var had = state.ComputedLength;
        Adopt(sequence, state, Math.Min(turn.UsableLength, turn.Target - 1) / _pageTokens);
        var found = state.ComputedLength - had;
        if (found > 0)
        {
            turn.ReusedTokens += found;
            counters.ReusedTokens += found;
            instruments.ReusedTokens.Add(found);
            turn.BeginPrefill();
            sequence.PublishComputed();
        }
    }

    private void Adopt(EngineSequence sequence, PagedSequenceState state, int endPage)
    {
        var own = state.ComputedLength / _pageTokens;
        if (_hasWindow)
        {
            // Behind a window pages are missing: all that the next token sees must be there, or nothing is taken.
            if (own == 0 && LongestWindow(sequence, state, endPage) is var end and > 0)
            {
                state.Release();
                Adopt(sequence, state, state.FirstPageSeen(end * _pageTokens), end);
            }

            return;
        }

        var known = own;
        while (known < endPage && parts.Pool.Has(sequence.Keys.Of(known, sequence.Tokens)))
        {
            known++;
        }

        if (known > own)
        {
            Adopt(sequence, state, own, known);
        }
    }

    private int LongestWindow(EngineSequence sequence, PagedSequenceState state, int endPage)
    {
        var (longest, run) = (0, 0);
        for (var page = 0; page < endPage; page++)
        {
            run = parts.Pool.Has(sequence.Keys.Of(page, sequence.Tokens)) ? run + 1 : 0;
            longest = run >= page + 1 - state.FirstPageSeen((page + 1) * _pageTokens) ? page + 1 : longest;
        }

        return longest;
    }

    private void Adopt(EngineSequence sequence, PagedSequenceState state, int firstPage, int endPage)
    {
        state.CutAt(firstPage);
        for (var page = firstPage; page < endPage; page++)
        {
            state.AdoptPage(parts.Pool.TryShare(sequence.Keys.Of(page, sequence.Tokens)));
        }
    }
}
