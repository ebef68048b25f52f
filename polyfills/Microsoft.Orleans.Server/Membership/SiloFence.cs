using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Membership;

/// <summary>Ends a silo that the cluster has declared dead: it is cut off at once, and its host stops with exit code 1.</summary>
internal sealed partial class SiloFence(IServiceProvider services, ILocalSiloDetails silo, ILogger<SiloFence> logger)
{
    private int _isFenced;

    public bool IsFenced => Volatile.Read(ref _isFenced) != 0;

    /// <summary>From here on the silo is leaving by itself: what the table says of it is no surprise.</summary>
    public bool IsLeaving { get; set; }

    public void Fence()
    {
        if (IsLeaving || Interlocked.Exchange(ref _isFenced, 1) != 0)
            return;

        LogFenced(silo.Name, silo.SiloAddress);
        services.GetRequiredService<IMessageTransport>().CutOff(silo.SiloAddress);
        Environment.ExitCode = 1;
        services.GetService<IHostApplicationLifetime>()?.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Silo {Name} at {Address} was declared dead by the cluster: it is cut off and stops.")]
    private partial void LogFenced(string name, SiloAddress address);
}
