namespace Orleans.Runtime;

/// <summary>A timer of an activation; it ends with it.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets when the timer ticks next and how long after a tick the following one is due.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}
