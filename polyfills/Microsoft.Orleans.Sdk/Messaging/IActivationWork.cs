namespace Orleans.Runtime.Messaging;

/// <summary>What an activation does on its turns: requests and timer ticks.</summary>
internal interface IActivationWork
{
    bool IsReadOnly { get; }

    bool AlwaysInterleaves { get; }

    /// <summary>The call chain that the work belongs to, if it may re-enter; else empty.</summary>
    Guid ReentrancyId { get; }

    /// <summary>Whether the work counts as use of the activation.</summary>
    bool KeepsAlive { get; }
}
