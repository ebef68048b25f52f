using Google.Rpc;
using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class StatusTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    public static TheoryData<StatusCode> Codes => [.. Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK)];

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Every_code_crosses_the_wire_with_detail_and_trailers(StatusCode code)
    {
        RpcException failure = await FailAsync(Failure.Types.Kind.Status, code, $"that was {code}");

        Assert.Equal(code, failure.StatusCode);
        Assert.Equal($"that was {code}", failure.Status.Detail);
        Assert.Equal("because", failure.Trailers.GetValue("y-why"));
    }

    [Theory]
    [InlineData("50% of it\nand a new line\ttab")]
    [InlineData("snow ☃, key 🔑, ü")]
    [InlineData("%41 is not A")]
    [InlineData(" spaces at both ends ")]
    public async Task Detail_is_any_text(string detail) =>
        Assert.Equal(detail, (await FailAsync(Failure.Types.Kind.Status, StatusCode.NotFound, detail)).Status.Detail);

    [Fact]
    public async Task Rich_status_carries_its_details()
    {
        RpcException failure = await FailAsync(Failure.Types.Kind.RichStatus, StatusCode.InvalidArgument, "bad text");

        Google.Rpc.Status status = Assert.IsType<Google.Rpc.Status>(failure.GetRpcStatus());
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal((int)Code.InvalidArgument, status.Code);
        Assert.Equal("bad text", status.Message);
        BadRequest.Types.FieldViolation violation = Assert.Single(status.GetDetail<BadRequest>()!.FieldViolations);
        Assert.Equal("text", violation.Field);
        Assert.Equal("too long", violation.Description);
        Assert.Equal(3, status.GetDetail<RetryInfo>()!.RetryDelay.Seconds);
        Assert.Null(status.GetDetail<QuotaFailure>());
    }

    [Fact]
    public async Task Plain_failure_has_no_rich_status() =>
        Assert.Null((await FailAsync(Failure.Types.Kind.Status, StatusCode.Aborted, "")).GetRpcStatus());

    [Fact]
    public async Task Unreadable_rich_status_is_an_error_or_null_as_asked()
    {
        var trailers = new Metadata { { MetadataExtensions.StatusDetailsTrailerName, new byte[] { 0xFF, 0xFF } } };

        Assert.Null(trailers.GetRpcStatus(ignoreParseError: true));
        Assert.ThrowsAny<Exception>(() => trailers.GetRpcStatus());
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Unexpected_exception_is_unknown_and_keeps_its_secret()
    {
        RpcException failure = await FailAsync(Failure.Types.Kind.Unexpected, StatusCode.OK, "the secret");

        Assert.Equal(StatusCode.Unknown, failure.StatusCode);
        Assert.Equal("Exception was thrown by handler.", failure.Status.Detail);
    }

    [Fact]
    public async Task Unexpected_exception_is_told_with_detailed_errors()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.EnableDetailedErrors = true);
        using var channel = server.Connect();
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () => await new Trial.TrialClient(channel)
            .FailAsync(new Failure { Kind = Failure.Types.Kind.Unexpected, Detail = "the secret" }));

        Assert.Equal(StatusCode.Unknown, failure.StatusCode);
        Assert.Equal("Exception was thrown by handler. InvalidOperationException: the secret", failure.Status.Detail);
    }

    [Fact]
    public async Task Status_set_on_the_context_ends_the_call_with_it()
    {
        RpcException failure = await FailAsync(Failure.Types.Kind.SetStatus, StatusCode.OutOfRange, "set");

        Assert.Equal(StatusCode.OutOfRange, failure.StatusCode);
        Assert.Equal("set", failure.Status.Detail);
    }

    [Fact]
    public async Task Null_response_is_cancelled() =>
        Assert.Equal(StatusCode.Cancelled, (await FailAsync(Failure.Types.Kind.NullResponse, StatusCode.OK, "")).StatusCode);

    [Fact]
    public async Task Method_without_override_is_unimplemented()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () => await trial.Client.MissingAsync(new Words()));
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    [Theory]
    [InlineData("polyfills.trial.Trial", "Nowhere", "Method is unimplemented.")]
    [InlineData("polyfills.trial.Nobody", "Nowhere", "Service is unimplemented.")]
    public async Task Unknown_method_or_service_is_unimplemented(string service, string name, string detail)
    {
        Marshaller<Words> marshaller = Marshallers.Create(
            words => Google.Protobuf.MessageExtensions.ToByteArray(words), Words.Parser.ParseFrom);
        var method = new Method<Words, Words>(MethodType.Unary, service, name, marshaller, marshaller);
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await trial.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(), new Words()));

        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
        Assert.Equal(detail, failure.Status.Detail);
    }

    private async Task<RpcException> FailAsync(Failure.Types.Kind kind, StatusCode code, string detail)
    {
        using AsyncUnaryCall<Words> call = trial.Client.FailAsync(new Failure { Kind = kind, Code = (int)code, Detail = detail });
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(failure.StatusCode, call.GetStatus().StatusCode);
        return failure;
    }
}
