using System.Net;
using Orleans.Runtime.Clustering.InProcess;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Membership;

namespace Orleans.Runtime.Clustering.Network;

/// <summary>A table of silos in the memory of one silo, the primary; the others ask it. Without the primary there is no cluster: for development.</summary>
internal sealed class PrimarySiloTable(IPEndPoint? primary, ILocalSiloDetails silo, GrainReferences references) : ISiloTableStore
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly InMemorySiloTable? _table = primary is null || primary.Equals(silo.SiloAddress.Endpoint) ? new InMemorySiloTable() : null;

    public event Action? Changed
    {
        add { if (_table is not null) _table.Changed += value; }
        remove { if (_table is not null) _table.Changed -= value; }
    }

    // Whichever run of the primary is there.
    private ISiloControl Primary => (ISiloControl)(object)references.Create(
        GrainId.Create(ISiloControl.TypeName, SiloAddress.New(primary!, 0).ToParsableString()), typeof(ISiloControl));

    /// <summary>Waits for the primary to come up.</summary>
    public async Task InitializeAsync(CancellationToken cancellation)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (_table is null)
        {
            try
            {
                await Primary.ReadTable().WaitAsync(cancellation);
                return;
            }
            catch (SiloUnavailableException exception) when (!IsRefusal(exception) && TimeProvider.System.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
            }
        }
    }

    public Task<SiloTable> ReadAsync(CancellationToken cancellation) => _table?.ReadAsync(cancellation) ?? Primary.ReadTable().WaitAsync(cancellation);

    public Task<bool> TryWriteAsync(SiloTableEntry entry, MembershipVersion expected, CancellationToken cancellation)
        => _table?.TryWriteAsync(entry, expected, cancellation) ?? Primary.WriteTable(entry, expected).WaitAsync(cancellation);

    public Task WriteAliveAsync(SiloAddress silo, DateTime time, CancellationToken cancellation)
        => _table?.WriteAliveAsync(silo, time, cancellation) ?? Primary.WriteAlive(silo, time).WaitAsync(cancellation);

    private static bool IsRefusal(Exception? exception)
        => exception is not null && (exception is Messaging.ConnectionRefusedException || IsRefusal(exception.InnerException));
}
