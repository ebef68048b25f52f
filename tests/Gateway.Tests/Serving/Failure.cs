using Google.Rpc;
using Grpc.Core;

namespace OrleansLM.Gateway.Tests.Serving;

/// <summary>A call's failure with its details.</summary>
public sealed record Failure(StatusCode Code, string Message, IReadOnlyList<string> Fields, ErrorInfo? Info, RetryInfo? Retry)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    public static Failure Of(RpcException error)
    {
        var status = error.GetRpcStatus();
        var fields = status?.GetDetail<BadRequest>()?.FieldViolations.Select(violation => violation.Field).ToArray() ?? [];
        return new Failure(error.StatusCode, error.Status.Detail, fields, status?.GetDetail<ErrorInfo>(), status?.GetDetail<RetryInfo>());
    }

    /// <summary>The failure of a call, which must come soon: a call that hangs fails the test.</summary>
    public static async Task<Failure> OfAsync(Func<Task> call) => Of(await Assert.ThrowsAsync<RpcException>(() => call().WaitAsync(s_patience)));

    public static async Task<Failure> OfAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            return await OfAsync(async () =>
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
            });
        }
    }

    public static Task<Failure> OfAsync<T>(AsyncUnaryCall<T> call) => OfAsync(async () =>
    {
        using (call)
        {
            await call;
        }
    });
}
