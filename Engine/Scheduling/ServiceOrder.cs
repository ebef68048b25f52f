namespace OrleansLM.Engine.Scheduling;

/// <summary>Who is served first when not all can be: the turn that was served longest ago, then the older one.</summary>
internal readonly record struct ServiceOrder(long LastStep, long Arrival) : IComparable<ServiceOrder>
{
    public int CompareTo(ServiceOrder other)
    {
        var byStep = LastStep.CompareTo(other.LastStep);
        return byStep != 0 ? byStep : Arrival.CompareTo(other.Arrival);
    }
}
