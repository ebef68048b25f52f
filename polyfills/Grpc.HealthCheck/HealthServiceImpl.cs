using System.Threading.Channels;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.HealthCheck;

/// <summary>Answers with the states it was told. A watcher that is slow misses changes in between, never the latest one.</summary>
public class HealthServiceImpl : Health.V1.Health.HealthBase
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServingStatus> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ChannelWriter<ServingStatus>>> _watchers = new(StringComparer.Ordinal);

    public void SetStatus(string service, ServingStatus status)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_lock)
        {
            if (_states.TryGetValue(service, out ServingStatus old) && old == status)
            {
                return;
            }

            _states[service] = status;
            Tell(service, status);
        }
    }

    public void ClearStatus(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_lock)
        {
            if (_states.Remove(service))
            {
                Tell(service, ServingStatus.ServiceUnknown);
            }
        }
    }

    public void ClearAll()
    {
        lock (_lock)
        {
            foreach (string service in _states.Keys.ToArray())
            {
                ClearStatus(service);
            }
        }
    }

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        lock (_lock)
        {
            return _states.TryGetValue(request.Service, out ServingStatus status)
                ? Task.FromResult(new HealthCheckResponse { Status = status })
                : throw new RpcException(new Status(StatusCode.NotFound, ""));
        }
    }

    public override async Task Watch(
        HealthCheckRequest request,
        IServerStreamWriter<HealthCheckResponse> responseStream,
        ServerCallContext context)
    {
        Channel<ServingStatus> latest = Channel.CreateBounded<ServingStatus>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        Join(request.Service, latest.Writer);
        try
        {
            ServingStatus? told = null;
            await foreach (ServingStatus status in latest.Reader.ReadAllAsync(context.CancellationToken).ConfigureAwait(false))
            {
                if (told != status)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }).ConfigureAwait(false);
                    told = status;
                }
            }
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The watcher left: the normal end of a watch.
        }
        finally
        {
            Leave(request.Service, latest.Writer);
        }
    }

    private void Join(string service, ChannelWriter<ServingStatus> watcher)
    {
        lock (_lock)
        {
            if (!_watchers.TryGetValue(service, out List<ChannelWriter<ServingStatus>>? list))
            {
                _watchers[service] = list = [];
            }

            list.Add(watcher);
            watcher.TryWrite(_states.GetValueOrDefault(service, ServingStatus.ServiceUnknown));
        }
    }

    private void Leave(string service, ChannelWriter<ServingStatus> watcher)
    {
        lock (_lock)
        {
            List<ChannelWriter<ServingStatus>> list = _watchers[service];
            list.Remove(watcher);
            if (list.Count == 0)
            {
                _watchers.Remove(service);
            }
        }
    }

    private void Tell(string service, ServingStatus status)
    {
        foreach (ChannelWriter<ServingStatus> watcher in _watchers.GetValueOrDefault(service) ?? [])
        {
            watcher.TryWrite(status);
        }
    }
}
