namespace OrleansLM.Polyfills.Tests.Orleans.Turns;

public interface IReentrantTurnGrain : ITurnGrain;
