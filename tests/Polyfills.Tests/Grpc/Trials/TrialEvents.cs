using System.Collections.Concurrent;

namespace OrleansLM.Polyfills.Tests.Grpc.Trials;

/// <summary>What happened inside the server, for tests to await by name.</summary>
public sealed class TrialEvents
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _events = new();

    public void Raise(string name, string what = "") => Of(name).TrySetResult(what);

    public bool Happened(string name) => Of(name).Task.IsCompleted;

    public Task<string> WaitAsync(string name) => Of(name).Task.WaitAsync(s_guard);

    private TaskCompletionSource<string> Of(string name) =>
        _events.GetOrAdd(name, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
}
