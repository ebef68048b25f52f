using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Gateway.Errors;

/// <summary>Our failures as gRPC statuses with google.rpc details: BadRequest names the field, ErrorInfo the reason, RetryInfo the moment to try again.</summary>
public static class ErrorMap
{
    public const string Domain = "orleanslm";

    public static RpcException ToRpcException(this OrleansLMException error)
    {
        var status = new Google.Rpc.Status { Code = (int)StatusOf(error.Code), Message = error.Message };
        if (error.Field is { } field)
        {
            var badRequest = new BadRequest();
            badRequest.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = error.Message });
            status.Details.Add(Any.Pack(badRequest));
        }

        if (error.Reason is not null || error.TurnId is not null)
        {
            var info = new ErrorInfo { Domain = Domain, Reason = error.Reason ?? "TURN_IN_PROGRESS" };
            if (error.TurnId is { } turn)
            {
                info.Metadata["turn_id"] = turn;
            }

            status.Details.Add(Any.Pack(info));
        }

        if (error.RetryAfter is { } retry)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(retry) }));
        }

        return status.ToRpcException();
    }

    /// <summary>Several wrong fields at once.</summary>
    public static RpcException ToRpcException(IReadOnlyList<BadRequest.Types.FieldViolation> violations)
    {
        var badRequest = new BadRequest();
        badRequest.FieldViolations.AddRange(violations);
        var message = string.Join("; ", violations.Select(violation => $"{violation.Field}: {violation.Description}"));
        var status = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = message };
        status.Details.Add(Any.Pack(badRequest));
        return status.ToRpcException();
    }

    private static StatusCode StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => StatusCode.InvalidArgument,
        ErrorCode.NotFound => StatusCode.NotFound,
        ErrorCode.AlreadyExists => StatusCode.AlreadyExists,
        ErrorCode.FailedPrecondition => StatusCode.FailedPrecondition,
        ErrorCode.Aborted => StatusCode.Aborted,
        ErrorCode.OutOfRange => StatusCode.OutOfRange,
        ErrorCode.ResourceExhausted => StatusCode.ResourceExhausted,
        ErrorCode.Unavailable => StatusCode.Unavailable,
        ErrorCode.DataLoss => StatusCode.DataLoss,
        _ => StatusCode.Internal,
    };
}
