using OrleansLM.Gpu;

return GpuBench.Run(args);
