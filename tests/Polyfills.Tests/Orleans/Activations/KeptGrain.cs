namespace OrleansLM.Polyfills.Tests.Orleans.Activations;

[KeepAlive]
public sealed class KeptGrain(Signals signals, ILocalSiloDetails silo) : LifeGrain(signals, silo), IKeptGrain;
