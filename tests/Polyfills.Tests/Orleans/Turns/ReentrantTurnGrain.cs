using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Turns;

[Reentrant]
public sealed class ReentrantTurnGrain(Signals signals) : TurnGrain(signals), IReentrantTurnGrain;
