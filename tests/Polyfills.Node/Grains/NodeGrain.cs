using System.Diagnostics;
using System.Runtime.CompilerServices;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansLM.Polyfills.Node.Grains;

public sealed class NodeGrain(ILocalSiloDetails silo) : Grain, INodeGrain, IGrainMigrationParticipant
{
    private readonly string _activation = Guid.NewGuid().ToString();
    private int _count;
    private bool _hasSeenCancellation;
    private bool _hasBegunToWait;

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("count", _count);

    public void OnRehydrate(IRehydrationContext rehydrationContext) => rehydrationContext.TryGetValue("count", out _count);

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());

    public Task<string> Activation() => Task.FromResult(_activation);

    public Task<int> Increment() => Task.FromResult(++_count);

    public Task<Cargo> Echo(Cargo cargo) => Task.FromResult(cargo);

    public Task<object?> EchoObject(object? value) => Task.FromResult(value);

    public Task<byte[]> Fill(int bytes) => Task.FromResult(Enumerable.Range(0, bytes).Select(i => (byte)i).ToArray());

    public Task<int> Length(byte[] bytes) => Task.FromResult(bytes.Length);

    public Task<string> WhereIs(INodeGrain other) => other.Where();

    public async IAsyncEnumerable<int> Count(int elements, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < elements; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    public async IAsyncEnumerable<int> Hang([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return 0;
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _hasSeenCancellation = true;
        }
    }

    public Task<bool> HasSeenCancellation() => Task.FromResult(_hasSeenCancellation);

    public Task<bool> HasBegunToWait() => Task.FromResult(_hasBegunToWait);

    public async Task WaitForCancellation(CancellationToken cancellationToken)
    {
        try
        {
            _hasBegunToWait = true;
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _hasSeenCancellation = true;
        }
    }

    public Task Fail(string kind) => kind switch
    {
        "ours" => throw new CargoException("too heavy") { Field = "weight", RetryAfter = TimeSpan.FromSeconds(3) },
        "argument" => throw new ArgumentException("is wrong", nameof(kind)),
        "inner" => throw new InvalidOperationException("outer", new TimeoutException("inner")),
        "many" => throw new AggregateException("several", new IOException("one"), new CargoException("two")),
        _ => throw new HiddenException("nobody knows this type"),
    };

    public Task<object?> ContextValue(string key) => Task.FromResult(RequestContext.Get(key));

    public Task<string?> TraceId() => Task.FromResult(Activity.Current?.TraceId.ToString());

    public Task MoveTo(string silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    public Task Sleep(TimeSpan time) => Task.Delay(time);

    private sealed class HiddenException(string message) : Exception(message);
}
