global using Orleans;
global using Orleans.Configuration;
global using Orleans.Hosting;
global using Orleans.Runtime;
