using Google.Rpc;
using Grpc.Core;
using OrleansLM.Contracts.Errors;
using OrleansLM.Gateway.Errors;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Errors;

public sealed class ErrorMapTests
{
    [Theory]
    [InlineData(ErrorCode.InvalidArgument, StatusCode.InvalidArgument)]
    [InlineData(ErrorCode.NotFound, StatusCode.NotFound)]
    [InlineData(ErrorCode.AlreadyExists, StatusCode.AlreadyExists)]
    [InlineData(ErrorCode.FailedPrecondition, StatusCode.FailedPrecondition)]
    [InlineData(ErrorCode.Aborted, StatusCode.Aborted)]
    [InlineData(ErrorCode.OutOfRange, StatusCode.OutOfRange)]
    [InlineData(ErrorCode.ResourceExhausted, StatusCode.ResourceExhausted)]
    [InlineData(ErrorCode.Unavailable, StatusCode.Unavailable)]
    [InlineData(ErrorCode.DataLoss, StatusCode.DataLoss)]
    [InlineData(ErrorCode.Internal, StatusCode.Internal)]
    public void Each_code_has_its_status(ErrorCode code, StatusCode status)
    {
        var failure = Failure.Of(new OrleansLMException(code, "what happened").ToRpcException());
        Assert.Equal((status, "what happened"), (failure.Code, failure.Message));
    }

    [Fact]
    public void Every_code_is_in_the_table_above() => Assert.Equal(10, System.Enum.GetValues<ErrorCode>().Length);

    [Fact]
    public void A_plain_failure_has_no_details() =>
        Assert.Empty(new OrleansLMException(ErrorCode.NotFound, "gone").ToRpcException().GetRpcStatus()!.Details);

    [Fact]
    public void Field_reason_turn_and_retry_become_details()
    {
        var error = new OrleansLMException(ErrorCode.Aborted, "busy") { Field = "f", Reason = "R", TurnId = "turn-1", RetryAfter = TimeSpan.FromSeconds(2.5) };
        var failure = Failure.Of(error.ToRpcException());
        Assert.Equal(["f"], failure.Fields);
        Assert.Equal(("R", ErrorMap.Domain, "turn-1"), (failure.Info!.Reason, failure.Info.Domain, failure.Info.Metadata["turn_id"]));
        Assert.Equal(TimeSpan.FromSeconds(2.5), failure.Retry!.RetryDelay.ToTimeSpan());
    }

    [Fact]
    public void Several_violations_become_one_invalid_argument()
    {
        var failure = Failure.Of(ErrorMap.ToRpcException(
        [
            new BadRequest.Types.FieldViolation { Field = "a", Description = "is 1" },
            new BadRequest.Types.FieldViolation { Field = "b", Description = "is 2" },
        ]));
        Assert.Equal((StatusCode.InvalidArgument, "a: is 1; b: is 2"), (failure.Code, failure.Message));
        Assert.Equal(["a", "b"], failure.Fields);
    }
}
