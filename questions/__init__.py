"""Questions that resolve: what is asked, how it is answered from draws, decided and scored."""
