using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Collects the interceptors of call credentials and lets each add its headers.</summary>
internal sealed class CallCredentialsRunner : CallCredentialsConfiguratorBase
{
    private readonly List<AsyncAuthInterceptor> _interceptors = [];

    public static async Task RunAsync(IEnumerable<CallCredentials> credentials, AuthInterceptorContext context, Metadata headers)
    {
        var runner = new CallCredentialsRunner();
        foreach (CallCredentials entry in credentials)
        {
            entry.InternalPopulateConfiguration(runner, null);
        }

        foreach (AsyncAuthInterceptor interceptor in runner._interceptors)
        {
            await interceptor(context, headers).ConfigureAwait(false);
        }
    }

    public override void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor) => _interceptors.Add(interceptor);

    public override void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials)
    {
        foreach (CallCredentials entry in credentials)
        {
            entry.InternalPopulateConfiguration(this, state);
        }
    }
}
