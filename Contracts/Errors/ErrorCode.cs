namespace OrleansLM.Contracts.Errors;

/// <summary>What kind of failure; one gRPC status each (the gateway holds the table).</summary>
[GenerateSerializer, Alias("orleanslm.ErrorCode")]
public enum ErrorCode
{
    /// <summary>A defect of ours.</summary>
    Internal = 0,

    /// <summary>The request is wrong whatever the state.</summary>
    InvalidArgument = 1,

    NotFound = 2,

    AlreadyExists = 3,

    /// <summary>The request does not fit the session's present state.</summary>
    FailedPrecondition = 4,

    /// <summary>Another turn got there first.</summary>
    Aborted = 5,

    /// <summary>An offset or position beyond what there is.</summary>
    OutOfRange = 6,

    /// <summary>No memory, no place in a queue, or a limit reached.</summary>
    ResourceExhausted = 7,

    /// <summary>Try again: starting, stopping or lost.</summary>
    Unavailable = 8,

    /// <summary>Stored data is damaged.</summary>
    DataLoss = 9,
}
