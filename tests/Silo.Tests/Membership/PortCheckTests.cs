using System.Net;
using System.Net.Sockets;
using OrleansLM.Silo.Membership;

namespace OrleansLM.Silo.Tests.Membership;

public sealed class PortCheckTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_program_that_takes_no_connection_answers_and_a_port_that_nobody_has_does_not()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = (IPEndPoint)listener.LocalEndpoint;
        Assert.True(await PortCheck.AnswersAsync(endpoint, s_limit, TimeProvider.System, CancellationToken.None));
        listener.Stop();
        Assert.False(await PortCheck.AnswersAsync(endpoint, s_limit, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task What_the_system_knows_counts_when_the_wait_is_over()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = (IPEndPoint)listener.LocalEndpoint;
        var time = new StoppedClock();
        var answers = PortCheck.AnswersAsync(endpoint, s_limit, time, CancellationToken.None);
        while (!listener.Pending())
        {
            await Task.Delay(1);
        }

        time.Fire();
        Assert.True(await answers);
    }

    /// <summary>Its timer fires when it is told to.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        private TimerCallback? _callback;
        private object? _state;

        public void Fire() => _callback?.Invoke(_state);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
