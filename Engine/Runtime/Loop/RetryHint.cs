namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Guesses when a refused turn may try again, from how long turns have taken lately. Engine's thread writes, any reads.</summary>
internal sealed class RetryHint
{
    private const double Weight = 0.2;
    private double _turnSeconds = 1;

    public void Observe(TimeSpan turn) => Volatile.Write(ref _turnSeconds, _turnSeconds + Weight * (turn.TotalSeconds - _turnSeconds));

    /// <param name="ahead">Turns that wait.</param>
    /// <param name="places">Turns that run together.</param>
    public TimeSpan After(int ahead, int places)
    {
        var seconds = Volatile.Read(ref _turnSeconds) * (ahead + 1) / Math.Max(1, places);
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0.1, 60));
    }
}
