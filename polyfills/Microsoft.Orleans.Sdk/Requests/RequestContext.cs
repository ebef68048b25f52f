namespace Orleans.Runtime;

/// <summary>Values that travel with calls: set before a call, read in the grain and in everything that it calls in turn. They do not travel back.</summary>
public static class RequestContext
{
    private const string ReentrancyKey = "#CCR";

    // Not state of this class: a slot in the flow of each caller. The dictionaries in it are never changed, only replaced.
    private static readonly AsyncLocal<Dictionary<string, object>?> Values = new();

    public static IEnumerable<string> Keys => Values.Value is { } values ? values.Keys : [];

    public static IEnumerable<KeyValuePair<string, object>> Entries => Values.Value is { } values ? values : [];

    /// <summary>The id of the call chain that may re-enter its grains; empty when there is none.</summary>
    public static Guid ReentrancyId
    {
        get => ReentrancyIdOf(Values.Value);
        set
        {
            if (value == Guid.Empty)
                Remove(ReentrancyKey);
            else
                Set(ReentrancyKey, value);
        }
    }

    public static object? Get(string key) => Values.Value is { } values && values.TryGetValue(key, out object? value) ? value : null;

    public static void Set(string key, object value)
    {
        var values = Values.Value is { } old ? new Dictionary<string, object>(old) : new Dictionary<string, object>(1);
        values[key] = value;
        Values.Value = values;
    }

    public static bool Remove(string key)
    {
        if (Values.Value is not { } old || !old.ContainsKey(key))
            return false;

        var values = new Dictionary<string, object>(old);
        values.Remove(key);
        Values.Value = values.Count == 0 ? null : values;
        return true;
    }

    public static void Clear()
    {
        if (Values.Value is not null)
            Values.Value = null;
    }

    /// <summary>Until the section is disposed, the grains that are called from here may call back into this grain.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        Guid original = ReentrancyId;
        return new ReentrancySection(original, original == Guid.Empty ? Guid.NewGuid() : original);
    }

    /// <summary>Until the section is disposed, calls from here are not part of a chain that may re-enter.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    internal static Dictionary<string, object>? Current => Values.Value;

    internal static Guid ReentrancyIdOf(Dictionary<string, object>? values)
        => values is not null && values.TryGetValue(ReentrancyKey, out object? id) ? (Guid)id : Guid.Empty;

    internal static Dictionary<string, object>? CopyEntries() => Values.Value is { } values ? new Dictionary<string, object>(values) : null;

    internal static void Import(Dictionary<string, object>? values)
    {
        if (!ReferenceEquals(Values.Value, values))
            Values.Value = values;
    }

    /// <summary>Restores the chain of before when disposed.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _original;
        private readonly Guid _id;

        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            _original = originalReentrancyId;
            _id = newReentrancyId;
            if (_id != _original)
                ReentrancyId = _id;
            if (_id != Guid.Empty)
                Reentrant()?.OnEnterReentrantSection(_id);
        }

        public void Dispose()
        {
            if (_id != Guid.Empty)
                Reentrant()?.OnExitReentrantSection(_id);
            if (_id != _original)
                ReentrancyId = _original;
        }

        private static ICallChainReentrantContext? Reentrant() => Scheduling.GrainTaskScheduler.CurrentContext as ICallChainReentrantContext;
    }
}
