using Google.Rpc;
using OrleansLM.Contracts;
using OrleansLM.Gateway.Errors;

namespace OrleansLM.Gateway.Validation;

/// <summary>Gathers what is wrong with a request, so that a client hears of all its faults at once, each with its field.</summary>
public sealed class RequestCheck
{
    private readonly List<BadRequest.Types.FieldViolation> _violations = [];

    public RequestCheck Require(bool holds, string field, string description)
    {
        if (!holds)
        {
            _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
        }

        return this;
    }

    public RequestCheck SessionId(string value, string field = "session_id") =>
        Require(SessionNames.IsSessionId(value), field, $"is '{Shown(value)}'; expected 1 to {SessionNames.MaxSessionIdLength} characters of [A-Za-z0-9._-]");

    public RequestCheck OptionalSessionId(string value, string field) => value.Length == 0 ? this : SessionId(value, field);

    public RequestCheck CheckpointName(string value, string field = "name") =>
        Require(SessionNames.IsCheckpoint(value), field, $"is '{Shown(value)}'; expected 1 to {SessionNames.MaxCheckpointLength} characters of [A-Za-z0-9._-]");

    public RequestCheck MaxLength(string value, int characters, string field) =>
        Require(value.Length <= characters, field, $"has {value.Length} characters; expected at most {characters}");

    /// <summary>A position or length that must fit our 32-bit token positions.</summary>
    public RequestCheck Position(long value, string field, bool negativeAllowed = false) =>
        Require(value <= int.MaxValue && value >= (negativeAllowed ? -int.MaxValue : 0), field, $"is {value}; expected a position in [{(negativeAllowed ? -int.MaxValue : 0)}, {int.MaxValue}]");

    /// <summary>A number in [low, high]; NaN is never in.</summary>
    public RequestCheck In(double value, double low, double high, string field) =>
        Require(value >= low && value <= high, field, $"is {value}; expected a value in [{low}, {high}]");

    /// <summary>A number in (low, high].</summary>
    public RequestCheck Above(double value, double low, double high, string field) =>
        Require(value > low && value <= high, field, $"is {value}; expected a value in ({low}, {high}]");

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT with every violation, if there is one.</exception>
    public void Throw()
    {
        if (_violations.Count > 0)
        {
            throw ErrorMap.ToRpcException(_violations);
        }
    }

    private static string Shown(string value) => value.Length <= 40 ? value : string.Concat(value.AsSpan(0, 40), "…");
}
