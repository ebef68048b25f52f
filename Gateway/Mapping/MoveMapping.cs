using Google.Protobuf.WellKnownTypes;
using OrleansLM.Contracts.Messages;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Where sessions are and how they moved.</summary>
internal static class MoveMapping
{
    public static Wire.SessionLocation ToWire(this SessionLocation session) => new()
    {
        SessionId = session.SessionId,
        Silo = session.Silo,
        Address = session.Address,
        Model = session.Model,
        Length = session.Length,
        ComputedLength = session.ComputedLength,
        Running = session.IsRunning,
    };

    public static Wire.MoveReport ToWire(this MoveReport report) => new()
    {
        SessionId = report.SessionId,
        From = report.From,
        To = report.To,
        Length = report.Length,
        TurnId = report.TurnId ?? "",
        Pause = Duration.FromTimeSpan(report.Pause),
        Duration = Duration.FromTimeSpan(report.Duration),
        Failure = report.Failure ?? "",
        Carried = report.Carried,
    };

    public static Wire.SiloLoad ToWire(this SiloLoad load) => new()
    {
        RunningTurns = load.RunningTurns,
        WaitingTurns = load.WaitingTurns,
        Sessions = load.Sessions,
        PagesUsed = load.PagesUsed,
        Draining = load.IsDraining,
        Zone = load.Zone,
    };
}
