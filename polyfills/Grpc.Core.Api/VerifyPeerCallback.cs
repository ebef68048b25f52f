namespace Grpc.Core;

/// <summary>Decides whether a peer that passed the usual TLS checks is accepted.</summary>
public delegate bool VerifyPeerCallback(VerifyPeerContext context);
