namespace OrleansLM.Contracts.Errors;

/// <summary>A failure that a caller is told about, whole: it crosses from grain to gateway as it is and becomes a gRPC status with google.rpc details there.</summary>
[GenerateSerializer, Alias("orleanslm.OrleansLMException")]
public sealed class OrleansLMException : Exception
{
    public OrleansLMException(ErrorCode code, string message)
        : base(message)
    {
        Code = code;
    }

    [Id(0)]
    public ErrorCode Code { get; init; }

    /// <summary>The request's field that is at fault, named as in the .proto files (<c>sampling.top_p</c>); null when none is.</summary>
    [Id(1)]
    public string? Field { get; init; }

    /// <summary>UPPER_SNAKE_CASE reason for programs (google.rpc.ErrorInfo.reason), for example <c>TURN_IN_PROGRESS</c>; null when the code says it all.</summary>
    [Id(2)]
    public string? Reason { get; init; }

    /// <summary>When it is worth trying again; null when it is not, or not known.</summary>
    [Id(3)]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The turn that is in the way, for <c>TURN_IN_PROGRESS</c>.</summary>
    [Id(4)]
    public string? TurnId { get; init; }

    /// <summary>A field is wrong: what was found and what was expected.</summary>
    public static OrleansLMException Invalid(string field, string message) => new(ErrorCode.InvalidArgument, $"{field}: {message}") { Field = field };
}
