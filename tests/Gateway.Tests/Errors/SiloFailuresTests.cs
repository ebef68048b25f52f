using Grpc.Core;
using Orleans.Runtime;
using OrleansLM.Gateway.Errors;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Errors;

public sealed class SiloFailuresTests
{
    public static TheoryData<Exception, string> Failures() => new()
    {
        { new TimeoutException(), "SILO_TIMEOUT" },
        { new EnumerationAbortedException("the activation ended"), "STREAM_LOST" },
        { new SiloUnavailableException("gone"), "SILO_LOST" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_lost_silo_is_unavailable_with_a_hint_when_to_retry(Exception failure, string reason)
    {
        var status = Failure.Of(SiloFailures.Translate(failure)!.ToRpcException());
        Assert.Equal((StatusCode.Unavailable, reason), (status.Code, status.Info!.Reason));
        Assert.NotNull(status.Retry);
    }

    [Fact]
    public void Other_failures_are_not_the_silos() => Assert.Null(SiloFailures.Translate(new InvalidOperationException()));
}
