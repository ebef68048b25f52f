using System.Collections.Concurrent;

namespace OrleansLM.Polyfills.Tests.Orleans;

/// <summary>What grains and tests tell each other past the grain calls: events that are awaited by name, and logs.</summary>
public sealed class Signals
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _events = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _logs = new();

    public void Set(string name) => Event(name).TrySetResult();

    /// <summary>Waits for the event; a test that would wait for ever fails instead.</summary>
    public Task WaitAsync(string name) => Event(name).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public bool IsSet(string name) => Event(name).Task.IsCompleted;

    public void Log(string name, string entry) => _logs.GetOrAdd(name, _ => new()).Enqueue(entry);

    public string[] LogOf(string name) => _logs.TryGetValue(name, out ConcurrentQueue<string>? log) ? [.. log] : [];

    private TaskCompletionSource Event(string name) => _events.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
