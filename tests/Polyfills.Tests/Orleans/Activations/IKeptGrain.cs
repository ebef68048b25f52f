namespace OrleansLM.Polyfills.Tests.Orleans.Activations;

public interface IKeptGrain : ILifeGrain;
