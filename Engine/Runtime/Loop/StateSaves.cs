using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>States of idle sequences that their owners are saving before they are dropped. Nothing waits for a disk here: the engine's thread only hears of beginnings and ends.</summary>
internal sealed class StateSaves(EngineParts parts, CommandQueue commands, EngineInstruments instruments)
{
    private TaskCompletionSource _next = NewSource();

    /// <summary>How many are not over.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Pages that they are expected to give back.</summary>
    public int PagesUnderWay { get; private set; }

    /// <summary>Ends when the next one is over.</summary>
    public Task Next => _next.Task;

    public static bool IsUnderWay(EngineSequence sequence) => sequence.Save is { IsOver: false };

    /// <summary>Whether the state of an idle sequence is to be saved before it is dropped.</summary>
    public bool IsWanted(EngineSequence sequence) => sequence is { Save: null, BeforeDrop: not null, IsDisposed: false } && parts.Options.SaveTimeout > TimeSpan.Zero;

    /// <summary>Asks the owner to save.</summary>
    /// <param name="sequence">Whose state.</param>
    /// <param name="pages">Pages that it is expected to give back.</param>
    public void Begin(EngineSequence sequence, int pages)
    {
        var save = sequence.Save = new StateSave(pages);
        UnderWay++;
        PagesUnderWay += pages;
        instruments.Saves.Add(1);
        save.Limit = parts.Time.CreateTimer(_ => commands.TryPost(() => End(save)), null, parts.Options.SaveTimeout, Timeout.InfiniteTimeSpan);
        Ask(sequence).ContinueWith(_ => commands.TryPost(() => End(save)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>The sequence is in use again, or gone: what was saved of it says nothing about what it will hold.</summary>
    public void Forget(EngineSequence sequence)
    {
        if (sequence.Save is { } save)
        {
            sequence.Save = null;
            End(save);
        }
    }

    /// <summary>The engine stops: whoever waits for an end asks again, and learns of it.</summary>
    public void Stop() => _next.TrySetResult();

    private static Task Ask(EngineSequence sequence)
    {
        try
        {
            return sequence.BeforeDrop?.Invoke() ?? Task.CompletedTask;
        }
        catch (Exception failure)
        {
            return Task.FromException(failure);
        }
    }

    private void End(StateSave save)
    {
        if (save.IsOver)
        {
            return;
        }

        save.IsOver = true;
        save.Limit?.Dispose();
        UnderWay--;
        PagesUnderWay -= save.Pages;
        var ended = _next;
        _next = NewSource();
        ended.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
